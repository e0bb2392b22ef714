package io.lakestill.jobs;

import org.apache.hadoop.fs.Path;

/**
 * Where one training of one model leaves what it makes.
 *
 * @param checkpoint the best epoch's weights and the history
 * @param tensorBoard the event files
 * @param bundle the exported model
 */
record ModelFolders(Path checkpoint, Path tensorBoard, Path bundle) {}
