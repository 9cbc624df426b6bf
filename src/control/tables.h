/*
 * The tables of the control socket as text, for `drover -L`: a row a line,
 * columns split by tabs, the name first. Master.
 */
#ifndef DROVER_CONTROL_TABLES_H
#define DROVER_CONTROL_TABLES_H

#include <stdio.h>

/* name TAB permission TAB names of its parameters TAB summary */
void control_list_commands(FILE *to);

/* name TAB method TAB type TAB range TAB default TAB sentence; "required" and "optional" stand for no default */
void control_list_parameters(FILE *to);

/* code TAB name TAB sentence */
void control_list_errors(FILE *to);

/* name TAB what is in that state: worker, server, instance or session */
void control_list_states(FILE *to);

#endif
