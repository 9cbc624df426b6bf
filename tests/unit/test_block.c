/* worker/block: receive buffers that are held no longer than they hold something. */
#include <check.h>
#include <string.h>

#include "worker/block.h"
#include "run.h"

static struct block_pool pool;
static struct block block;

static void
setup(void)
{
	block_pool_init(&pool, BLOCK_SMALL);
	block = (struct block){ 0 };
}

static void
teardown(void)
{
	block_release(&block, &pool);
	ck_assert_uint_eq(pool.small.used, 0);
	ck_assert_uint_eq(pool.large.used, 0);
	block_pool_clear(&pool);
}

/* As if that many bytes had been received: 'a', 'b', ... */
static void
block_fill(uint32_t count)
{
	uint32_t i;

	ck_assert_uint_le(count, block_room(&block));
	for (i = 0; i < count; i++)
		block.bytes[block.end + i] = (char)('a' + (block.end + i) % 26);
	block.end += count;
}

START_TEST(a_block_has_room_for_any_head)
{
	struct block_pool large;
	struct block big = { 0 };

	ck_assert(block_reserve(&block, &pool));
	ck_assert_uint_ge(block_room(&block), BLOCK_SMALL);
	ck_assert_uint_eq(block_length(&block), 0);
	block_pool_init(&large, 3 * BLOCK_LARGE);
	ck_assert(block_reserve(&big, &large));
	ck_assert_uint_ge(block_room(&big), 3 * BLOCK_LARGE);
	block_enlarge(&big, &large);
	ck_assert_uint_ge(block_room(&big), 3 * BLOCK_LARGE);
	block_release(&big, &large);
	ck_assert_uint_eq(large.small.used, 0);
	ck_assert_uint_eq(large.large.used, 0);
	block_pool_clear(&large);
}
END_TEST

START_TEST(room_is_made_by_moving_what_is_left)
{
	uint32_t size;

	ck_assert(block_reserve(&block, &pool));
	size = block.size;
	block_fill(size);
	block.start = size - 3;
	ck_assert(block_reserve(&block, &pool));
	ck_assert_uint_eq(block_length(&block), 3);
	ck_assert_uint_eq(block_room(&block), size - 3);
	ck_assert_int_eq(block_first(&block)[0], 'a' + (int)((size - 3) % 26));
	ck_assert_int_eq(block_first(&block)[2], 'a' + (int)((size - 1) % 26));
}
END_TEST

START_TEST(nothing_is_moved_while_there_is_room)
{
	const char *first;

	ck_assert(block_reserve(&block, &pool));
	block_fill(100);
	block.start = 50;
	first = block_first(&block);
	ck_assert(block_reserve(&block, &pool));
	ck_assert_ptr_eq(block_first(&block), first);
	ck_assert_uint_eq(block_length(&block), 50);
	block.start = 100; /* empty: all the room is there again */
	ck_assert(block_reserve(&block, &pool));
	ck_assert_uint_eq(block_room(&block), block.size);
}
END_TEST

START_TEST(only_an_empty_small_block_is_enlarged)
{
	ck_assert(block_reserve(&block, &pool));
	block_fill(1);
	block_enlarge(&block, &pool);
	ck_assert_uint_lt(block.size, BLOCK_LARGE);
	ck_assert_uint_eq(block_length(&block), 1);
	block.start = block.end;
	block_enlarge(&block, &pool);
	ck_assert_uint_ge(block_room(&block), BLOCK_LARGE);
	ck_assert_uint_eq(pool.small.used, 0);
	ck_assert_uint_eq(pool.large.used, 1);
	block_enlarge(&block, &pool);
	ck_assert_uint_eq(pool.large.used, 1);
}
END_TEST

START_TEST(an_empty_block_goes_back_and_a_full_one_stays)
{
	ck_assert(block_reserve(&block, &pool));
	block_fill(1);
	block_release_empty(&block, &pool);
	ck_assert_uint_eq(pool.small.used, 1);
	block.start++;
	block_release_empty(&block, &pool);
	ck_assert_uint_eq(pool.small.used, 0);
	ck_assert_ptr_null(block.bytes);
	ck_assert_uint_eq(block_length(&block) + block_room(&block), 0);
	block_release_empty(&block, &pool); /* nothing to give back */
	ck_assert_uint_eq(pool.small.used, 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("block");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_block_has_room_for_any_head);
	tcase_add_test(tests, room_is_made_by_moving_what_is_left);
	tcase_add_test(tests, nothing_is_moved_while_there_is_room);
	tcase_add_test(tests, only_an_empty_small_block_is_enlarged);
	tcase_add_test(tests, an_empty_block_goes_back_and_a_full_one_stays);
	return run_case(tests);
}
