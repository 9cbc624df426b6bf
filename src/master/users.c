#include "master/users.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "master/state.h"

void
users_warn(const struct conf *conf)
{
	char sentence[512];
	size_t i;

	for (i = 0; i < conf->users_file_count; i++)
		if (conf_users_are_public(conf->users_files[i].path, sentence, sizeof sentence))
			log_warn("%s", sentence);
}

bool
users_message(const struct users *users, struct channel_message *message)
{
	message->type = CHANNEL_USERS;
	message->count = (uint16_t)users->count;
	message->fd_count = (int)users->count;
	memcpy(message->fds, users->fds, users->count * sizeof users->fds[0]);
	return users->count > 0;
}

void
users_close(struct users *users)
{
	while (users->count > 0)
		close(users->fds[--users->count]);
}

/* Memory with these bytes, which nobody can change any more. -1 with errno. */
static int
memory_of(const struct conf_users *users)
{
	size_t size = conf_users_size(users), done = 0;
	int fd = memfd_create("drover-users", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (done < size && n >= 0) {
		n = write(fd, (const char *)users + done, size - done);
		done += n > 0 ? (size_t)n : 0;
	}
	if (done == size && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

/* All files as they are now, beside those in use. */
struct master_users {
	const struct conf *conf;
	struct conf_users *all[CONF_USERS_FILES_MAX];
};

struct master_users *
master_users_read(struct master *m, struct conf_errors *errors)
{
	struct master_users *read = calloc(1, sizeof *read);
	struct conf_errors of_one;
	size_t i;

	*errors = (struct conf_errors){ NULL, 0 };
	if (read == NULL)
		return NULL;
	read->conf = m->conf;
	for (i = 0; i < m->conf->users_file_count; i++) {
		read->all[i] = conf_users_load(m->conf->users_files[i].path, &of_one);
		if (read->all[i] == NULL && errors->count == 0)
			*errors = of_one;
		else
			conf_errors_free(&of_one);
		if (read->all[i] == NULL)
			break;
	}
	if (i == m->conf->users_file_count)
		return read;
	master_users_free(read);
	return NULL;
}

void
master_users_free(struct master_users *read)
{
	size_t i;

	if (read == NULL)
		return;
	for (i = 0; i < CONF_USERS_FILES_MAX; i++)
		free(read->all[i]);
	free(read);
}

void
master_users_compare(const struct master_users *read, size_t file, struct conf_users_change *change)
{
	conf_users_compare(read->conf->users_files[file].users, read->all[file], change);
}

/* -1 with a sentence: then nothing is open. */
static int
memories_open(struct users *to, const struct master_users *read, struct error *err)
{
	for (to->count = 0; to->count < read->conf->users_file_count; to->count++) {
		to->fds[to->count] = memory_of(read->all[to->count]);
		if (to->fds[to->count] >= 0)
			continue;
		error_errno(err, "cannot hand the users to the workers");
		users_close(to);
		return -1;
	}
	return 0;
}

int
master_users_adopt(struct master *m, struct master_users *read, struct error *err)
{
	struct users memories;
	unsigned slot;
	size_t i;

	if (memories_open(&memories, read, err) < 0)
		return -1;
	for (i = 0; i < m->conf->users_file_count; i++) {
		free(m->conf->users_files[i].users);
		m->conf->users_files[i].users = read->all[i];
		read->all[i] = NULL;
	}
	users_close(&m->users);
	m->users = memories;
	for (slot = 0; slot < m->workers.used; slot++)
		if (m->workers.slots[slot].pid != 0)
			worker_owe(&m->workers.slots[slot], WORKER_OWED_USERS); /* before any connection that comes from now on */
	log_notice("the files of users were read anew");
	return 0;
}
