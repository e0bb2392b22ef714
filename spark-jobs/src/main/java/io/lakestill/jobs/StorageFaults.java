package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;

/** Tells what a person must correct about a path from a file system that does not answer. */
final class StorageFaults {
  private StorageFaults() {}

  /** True when the path, or what this user may do there, must be corrected. */
  static boolean isAccess(Throwable fault) {
    return fault instanceof AccessControlException
        || fault instanceof AccessDeniedException
        || fault instanceof ParentNotDirectoryException
        || fault instanceof FileAlreadyExistsException
        || fault instanceof UnsupportedFileSystemException
        || (fault instanceof FileNotFoundException && mentions(fault, "(Permission denied)"))
        || (fault instanceof IOException && mentions(fault, "Mkdirs failed"));
  }

  /**
   * @param what could not be done, and where
   * @return an error with exit 2 when the path must be corrected, with exit 75 otherwise
   */
  static LakestillException worded(String what, IOException fault) {
    return isAccess(fault) ? Errors.noAccess(what, fault) : Errors.unreachable(what, fault);
  }

  /**
   * The same where the file system answered before.
   *
   * @param what failed
   */
  static LakestillException failed(String what, IOException fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      if (isAccess(cause)) {
        return Errors.noAccess(what, fault);
      }
    }
    return Errors.storage(what, fault);
  }

  /**
   * The same for what Hadoop throws unchecked: an address nobody knows, a file system whose classes
   * are not there, a text that is no path.
   */
  static LakestillException worded(String what, RuntimeException fault) {
    if (fault.getCause() instanceof UnknownHostException unknown) {
      return Errors.unreachable(what, unknown);
    }
    return fault.getCause() instanceof ClassNotFoundException missing
        ? Errors.badRecipe(
            "%s: %s; add the file system's module with --packages."
                .formatted(what, missing.getMessage()))
        : Errors.noAccess(what, fault);
  }

  private static boolean mentions(Throwable fault, String text) {
    return fault.getMessage() != null && fault.getMessage().contains(text);
  }
}
