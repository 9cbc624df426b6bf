#include "ctl/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/human.h"
#include "ctl/memory.h"
#include "ctl/printable.h"

enum { PATH_MAX_PART = 32 };

/* ---- reading */

/* The member at a path such as "loop.p99-ms", or NULL. */
static json_t *
member(json_t *object, const char *path)
{
	char name[PATH_MAX_PART];
	size_t length;

	for (;;) {
		length = strcspn(path, ".");
		if (length >= sizeof name)
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		object = json_object_get(object, name);
		if (path[length] == '\0' || object == NULL)
			return object;
		path += length + 1;
	}
}

static double
number_of(json_t *value)
{
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static char *
row_key(const struct sheet_kind *kind, json_t *row)
{
	char *key = memory_copy(""), *part, *longer;
	json_t *value;
	size_t i;

	for (i = 0; i < SHEET_KEYS && kind->keys[i] != NULL; i++) {
		value = json_object_get(row, kind->keys[i]);
		part = value == NULL ? memory_copy("") : memory_need(json_dumps(value, JSON_ENCODE_ANY));
		longer = memory_print("%s%s\n", key, part);
		free(part);
		free(key);
		key = longer;
	}
	return key;
}

static const char *
state_of(json_t *row, json_t *state)
{
	const char *word = json_string_value(state);

	if (word != NULL && strcmp(word, "ready") == 0 && json_is_false(json_object_get(row, "up")))
		return "down";
	return word;
}

/* "GET example.org/path" */
static char *
request_text(json_t *request)
{
	const char *method = json_string_value(json_object_get(request, "method"));
	const char *host = json_string_value(json_object_get(request, "host"));
	const char *target = json_string_value(json_object_get(request, "target"));

	if (method == NULL)
		return NULL;
	return memory_print("%s %s%s", method, host != NULL ? host : "", target != NULL ? target : "");
}

static char *
value_text(const struct column *column, json_t *row, json_t *value)
{
	const char *text = column->cell == CELL_STATE ? state_of(row, value) : json_string_value(value);

	if (column->cell == CELL_REQUEST)
		return request_text(value);
	return text == NULL ? NULL : memory_copy(text);
}

/* The difference to an older count a second; NAN when there is none, or it was begun anew. */
static double
rate(double now, double before, double seconds)
{
	return seconds > 0 && now >= before ? (now - before) / seconds : NAN;
}

/* ---- percentiles */

static double
bucket_count(json_t *bucket)
{
	return number_of(json_array_get(bucket, 1));
}

static double
bucket_bound(json_t *bucket)
{
	return number_of(json_array_get(bucket, 0));
}

/* What `before` counted up to the same bound; *from is where to go on looking. */
static double
count_before(json_t *before, size_t *from, double bound)
{
	for (; *from < json_array_size(before); (*from)++) {
		double other = bucket_bound(json_array_get(before, *from));

		if (other == bound || (isnan(other) && isnan(bound)))
			return bucket_count(json_array_get(before, (*from)++));
		if (other > bound)
			break;
		return NAN; /* what was counted once is not there any more */
	}
	return 0;
}

/* Writes how many each bucket of `now` has got since `before`: their sum, or NAN. */
static double
buckets_subtract(json_t *now, json_t *before, double *gained)
{
	double sum = 0;
	size_t i, from = 0;

	for (i = 0; i < json_array_size(now); i++) {
		json_t *bucket = json_array_get(now, i);

		gained[i] = bucket_count(bucket) - count_before(before, &from, bucket_bound(bucket));
		if (isnan(gained[i]) || gained[i] < 0)
			return NAN;
		sum += gained[i];
	}
	return from < json_array_size(before) ? NAN : sum;
}

double
buckets_percentile(json_t *now, json_t *before, double share)
{
	double *gained = memory_zeroed(json_array_size(now), sizeof *gained), sum, seen = 0, bound = NAN;
	size_t i;

	sum = buckets_subtract(now, before, gained);
	for (i = 0; sum > 0 && i < json_array_size(now); i++) {
		if (!isnan(bucket_bound(json_array_get(now, i))))
			bound = bucket_bound(json_array_get(now, i));
		seen += gained[i];
		if (seen >= share * sum)
			break;
	}
	free(gained);
	return sum > 0 ? bound : NAN;
}

/* ---- sheets */

static int
compare_keys(const void *a, const void *b)
{
	const struct sheet_row *const *one = a, *const *other = b;

	return strcmp((*one)->key, (*other)->key);
}

struct sheet_row *
sheet_find(const struct sheet *s, const char *key)
{
	size_t low = 0, high = s == NULL ? 0 : s->count, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcmp(key, s->by_key[middle]->key);
		if (order == 0)
			return s->by_key[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void
value_read(struct sheet_value *v, const struct column *column, json_t *row, json_t *buckets,
    const struct sheet_row *before, const struct sheet_value *old, double seconds)
{
	json_t *value = member(row, column->path);

	v->text = value_text(column, row, value);
	v->number = number_of(value);
	switch (column->cell) {
	case CELL_RATE:
	case CELL_BYTE_RATE:
		v->counter = v->number;
		v->number = old == NULL ? NAN : rate(v->counter, old->counter, seconds);
		break;
	case CELL_P50:
	case CELL_P99:
		if (buckets != NULL)
			v->number = before == NULL || before->buckets == NULL
					? NAN
					: buckets_percentile(buckets, before->buckets, column->cell == CELL_P50 ? 0.5 : 0.99);
		break;
	default:
		break;
	}
}

static void
row_read(struct sheet_row *to, const struct sheet_kind *kind, json_t *row, const struct sheet_row *before, double seconds)
{
	size_t i;

	for (i = 0; kind->columns[i].title != NULL; i++)
		value_read(&to->values[i], &kind->columns[i], row, to->buckets, before,
		    before == NULL ? NULL : &before->values[i], seconds);
}

/* The buckets of all histograms, by key. */
static json_t *
buckets_index(const struct sheet_kind *kind, json_t *histograms)
{
	json_t *index = memory_need(json_object()), *row;
	const char *of;
	size_t i;
	char *key;

	json_array_foreach(histograms, i, row) {
		of = json_string_value(json_object_get(row, "of"));
		if (of == NULL || kind->of == NULL || strcmp(of, kind->of) != 0)
			continue;
		key = row_key(kind, row);
		json_object_set(index, key, json_object_get(row, "buckets"));
		free(key);
	}
	return index;
}

void
sheet_read(struct sheet *s, const struct sheet_kind *kind, json_t *rows, json_t *histograms,
    const struct sheet *before, double seconds)
{
	json_t *index = buckets_index(kind, histograms), *row;
	struct sheet_row *to;
	size_t i;

	s->kind = kind;
	s->count = json_array_size(rows);
	s->rows = memory_zeroed(s->count, sizeof *s->rows);
	s->by_key = memory_zeroed(s->count, sizeof *s->by_key);
	json_array_foreach(rows, i, row) {
		to = s->by_key[i] = &s->rows[i];
		to->place = i;
		to->key = row_key(kind, row);
		to->buckets = json_incref(json_object_get(index, to->key));
		row_read(to, kind, row, sheet_find(before, to->key), seconds);
	}
	qsort(s->by_key, s->count, sizeof *s->by_key, compare_keys);
	json_decref(index);
}

void
sheet_free(struct sheet *s)
{
	size_t i, k;

	for (i = 0; i < s->count; i++) {
		for (k = 0; k < SHEET_COLUMNS; k++)
			free(s->rows[i].values[k].text);
		json_decref(s->rows[i].buckets);
		free(s->rows[i].key);
	}
	free(s->rows);
	free(s->by_key);
	*s = (struct sheet){ .kind = s->kind };
}

size_t
sheet_columns(const struct sheet_kind *kind)
{
	size_t n = 0;

	while (kind->columns[n].title != NULL)
		n++;
	return n;
}

/* ---- sorting */

struct order {
	int column;
	bool turned;
};

/* Numbers from the largest; what is not known comes last, however it is turned. */
static int
compare_numbers(double a, double b, bool turned)
{
	if (isnan(a) || isnan(b))
		return (isnan(a) != 0) - (isnan(b) != 0);
	return turned ? (a > b) - (a < b) : (a < b) - (a > b);
}

/* Texts from A; the same. */
static int
compare_texts(const char *a, const char *b, bool turned)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	return turned ? strcmp(b, a) : strcmp(a, b);
}

static int
compare_rows(const void *a, const void *b, void *arg)
{
	const struct sheet_row *one = a, *other = b;
	const struct order *by = arg;
	const struct sheet_value *v, *w;
	int order = 0;

	if (by->column >= 0) {
		v = &one->values[by->column];
		w = &other->values[by->column];
		if (v->text != NULL || w->text != NULL)
			order = compare_texts(v->text, w->text, by->turned);
		else
			order = compare_numbers(v->number, w->number, by->turned);
	}
	return order != 0 ? order : (one->place > other->place) - (one->place < other->place);
}

void
sheet_sort(struct sheet *s, int column, bool turned)
{
	struct order order = { .column = column, .turned = turned };
	size_t i;

	if (s->count == 0)
		return;
	qsort_r(s->rows, s->count, sizeof *s->rows, compare_rows, &order);
	for (i = 0; i < s->count; i++)
		s->by_key[i] = &s->rows[i];
	qsort(s->by_key, s->count, sizeof *s->by_key, compare_keys);
}

/* ---- cells */

bool
sheet_is_number(const struct column *column)
{
	return column->cell >= CELL_NUMBER;
}

static const char *
number_cell(enum cell cell, double number, char to[SHEET_CELL_MAX])
{
	switch (cell) {
	case CELL_BYTES:
	case CELL_BYTE_RATE:
		return human_bytes(number, to);
	case CELL_DURATION:
	case CELL_P50:
	case CELL_P99:
		return human_duration(number, to);
	case CELL_RATE:
		snprintf(to, SHEET_CELL_MAX, "%.1f", number);
		return number == 0 || number >= 99.95 ? human_count(number, to) : to;
	default:
		snprintf(to, SHEET_CELL_MAX, "%.0f", number);
		return to;
	}
}

const char *
sheet_cell(const struct sheet *s, const struct sheet_row *row, size_t column, bool utf8, char to[SHEET_CELL_MAX])
{
	const struct sheet_value *v = &row->values[column];
	char *safe;

	if (v->text == NULL)
		return isnan(v->number) ? "-" : number_cell(s->kind->columns[column].cell, v->number, to);
	safe = printable(v->text, strlen(v->text), utf8);
	safe[printable_fit(safe, SHEET_CELL_MAX / 4)] = '\0';
	snprintf(to, SHEET_CELL_MAX, "%s", safe);
	free(safe);
	return to;
}
