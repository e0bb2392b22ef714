package io.lakestill.jobs;

/** Who is to be measured: a model that can be run, or a table of what one said elsewhere. */
sealed interface Candidate permits Contestant, Scores {}
