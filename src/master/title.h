/* What `ps` shows: "drover: master", "drover: worker 3". Master and its forked children. */
#ifndef DROVER_MASTER_TITLE_H
#define DROVER_MASTER_TITLE_H

/* Makes room: the memory of argv is what ps reads, the environment behind it is moved. argv may be NULL: then nothing is shown. */
void title_init(int argc, char **argv);

void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
