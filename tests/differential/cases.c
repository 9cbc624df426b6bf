/*
 * Cases for differential testing: what of the corpus, and of mutations of it,
 * drover would forward, of requests to servers or (-r) of responses to clients,
 * and what it takes that to be. README has the format of the frames that it writes.
 * Not part of drover.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "corpus.h"
#include "model.h"
#include "mutate.h"

struct tally {
	uint64_t cases, forwarded, requests, local, refused;
};

static struct tally tallies[CORPUS_MAX];

static void
number_write(FILE *to, size_t number)
{
	uint32_t word = (uint32_t)number;
	unsigned char bytes[4] = { word & 0xff, word >> 8 & 0xff, word >> 16 & 0xff, word >> 24 };

	fwrite(bytes, 1, sizeof bytes, to);
}

static void
bytes_write(FILE *to, const struct bytes *bytes)
{
	if (bytes->length > 0)
		fwrite(bytes->data, 1, bytes->length, to);
}

static void
frame_write(FILE *to, const struct model *model, unsigned class, const struct bytes *raw)
{
	number_write(to, class);
	number_write(to, model->flags);
	number_write(to, model->stream_requests);
	number_write(to, raw->length);
	number_write(to, model->stream.length);
	number_write(to, model->expected.length);
	bytes_write(to, raw);
	bytes_write(to, &model->stream);
	bytes_write(to, &model->expected);
}

static void
case_run(FILE *to, const struct bytes *raw, unsigned class, uint64_t seed, bool all, bool responses)
{
	static struct model model;
	struct tally *tally = &tallies[class];

	if (responses)
		model_run_response(&model, raw, seed);
	else
		model_run(&model, raw, seed);
	tally->cases++;
	tally->requests += model.requests;
	tally->forwarded += model.stream.length > 0;
	tally->local += (model.flags & MODEL_LOCAL) != 0;
	tally->refused += (model.flags & MODEL_REFUSED) != 0;
	if (all || model.stream.length > 0)
		frame_write(to, &model, class, raw);
}

static void
tallies_print(const struct corpus *corpus)
{
	unsigned i;

	for (i = 0; i < corpus->class_count; i++)
		fprintf(stderr, "%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", corpus->classes[i],
		    tallies[i].cases, tallies[i].forwarded, tallies[i].requests, tallies[i].local, tallies[i].refused);
}

static void
usage(void)
{
	fprintf(stderr, "usage: cases [-ar] [-n MUTATIONS] [-s SEED] CORPUS >FRAMES\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	uint64_t count = 0, seed = 1, i;
	struct bytes mutant = { 0 };
	struct corpus corpus;
	bool all = false, responses = false;
	int option;

	while ((option = getopt(argc, argv, "an:rs:")) != -1) {
		if (option == 'a')
			all = true;
		else if (option == 'n')
			count = strtoull(optarg, NULL, 10);
		else if (option == 'r')
			responses = true;
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else
			usage();
	}
	if (argc - optind != 1)
		usage();
	if (corpus_read(&corpus, argv[optind]) < 0)
		return 1;
	for (i = 0; count == 0 && i < corpus.count; i++)
		case_run(stdout, &corpus.cases[i].bytes, corpus.cases[i].class, i, all, responses);
	for (i = 0; i < count; i++) {
		unsigned class = mutate(&mutant, &corpus, seed + i);

		case_run(stdout, &mutant, class, seed + i, all, responses);
	}
	tallies_print(&corpus);
	free(mutant.data);
	corpus_free(&corpus);
	return fflush(stdout) == 0 ? 0 : 1;
}
