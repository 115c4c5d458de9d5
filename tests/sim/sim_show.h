// sim_show.h - what every node believes, on stderr: for people who look for the reason of a failure.
#ifndef TESTS_SIM_SIM_SHOW_H
#define TESTS_SIM_SIM_SHOW_H

struct sim;

void sim_show(struct sim *sim);

#endif
