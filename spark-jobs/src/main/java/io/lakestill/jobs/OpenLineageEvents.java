package io.lakestill.jobs;

import io.lakestill.io.Build;
import io.openlineage.client.Clients;
import io.openlineage.client.OpenLineage;
import io.openlineage.client.OpenLineage.DatasetFacetsBuilder;
import io.openlineage.client.OpenLineage.InputDataset;
import io.openlineage.client.OpenLineage.OutputDataset;
import io.openlineage.client.OpenLineageClient;
import io.openlineage.client.utils.DatasetIdentifier;
import io.openlineage.client.utils.filesystem.FilesystemDatasetUtils;
import io.openlineage.spark.agent.ArgumentParser;
import io.openlineage.spark.api.SparkOpenLineageConfig;
import io.openlineage.spark.api.naming.NameNormalizer;
import java.net.URI;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;

/**
 * Events of OpenLineage by its own client, over the transport and in the namespace that its Spark
 * listener is set to. Data is named as that names it, so that a catalogue joins both. The library
 * is the site's, brought by {@code --packages}; without it this class is never loaded.
 */
final class OpenLineageEvents implements AutoCloseable {
  private final SparkOpenLineageConfig settings;
  private final String application;
  private final OpenLineageClient client;
  private final OpenLineage events =
      new OpenLineage(URI.create("urn:lakestill:" + Build.version()));

  OpenLineageEvents(SparkConf spark) {
    this.settings = ArgumentParser.parse(spark);
    this.application = spark.get("spark.app.name");
    this.client = Clients.newClient(settings);
  }

  /** A run of a stage that is complete. */
  void emit(String recipe, DataFlow flow) {
    ZonedDateTime now = ZonedDateTime.now(ZoneOffset.UTC);
    client.emit(
        events
            .newRunEventBuilder()
            .eventType(OpenLineage.RunEvent.EventType.COMPLETE)
            .eventTime(now)
            .run(events.newRunBuilder().runId(UUID.randomUUID()).facets(run()).build())
            .job(
                events
                    .newJobBuilder()
                    .namespace(settings.getNamespace())
                    .name("lakestill." + recipe + "." + flow.stage())
                    .facets(job())
                    .build())
            .inputs(flow.inputs().stream().map(this::input).toList())
            .outputs(List.of(output(flow)))
            .build());
  }

  private OpenLineage.RunFacets run() {
    String name =
        Optional.ofNullable(settings.getOverriddenAppName())
            .orElse(NameNormalizer.normalize(application));
    return events
        .newRunFacetsBuilder()
        .parent(
            events
                .newParentRunFacetBuilder()
                .run(
                    events
                        .newParentRunFacetRunBuilder()
                        .runId(UUID.fromString(settings.getOverriddenApplicationRunId()))
                        .build())
                .job(
                    events
                        .newParentRunFacetJobBuilder()
                        .namespace(settings.getNamespace())
                        .name(name)
                        .build())
                .build())
        .build();
  }

  private OpenLineage.JobFacets job() {
    return events
        .newJobFacetsBuilder()
        .jobType(
            events
                .newJobTypeJobFacetBuilder()
                .processingType("BATCH")
                .integration("LAKESTILL")
                .jobType("STAGE")
                .build())
        .build();
  }

  private InputDataset input(String path) {
    DatasetIdentifier named = named(path);
    return events
        .newInputDatasetBuilder()
        .namespace(named.getNamespace())
        .name(named.getName())
        .build();
  }

  private OutputDataset output(DataFlow flow) {
    DatasetIdentifier named = named(flow.output());
    DatasetFacetsBuilder facets = events.newDatasetFacetsBuilder();
    flow.version().map(events::newDatasetVersionDatasetFacet).ifPresent(facets::version);
    OpenLineage.OutputDatasetOutputFacetsBuilder figures =
        events.newOutputDatasetOutputFacetsBuilder();
    flow.rows()
        .ifPresent(
            rows ->
                figures.outputStatistics(
                    events.newOutputStatisticsOutputDatasetFacetBuilder().rowCount(rows).build()));
    return events
        .newOutputDatasetBuilder()
        .namespace(named.getNamespace())
        .name(named.getName())
        .facets(facets.build())
        .outputFacets(figures.build())
        .build();
  }

  private static DatasetIdentifier named(String path) {
    return FilesystemDatasetUtils.fromLocation(new Path(path).toUri());
  }

  @Override
  public void close() throws Exception {
    client.close();
  }
}
