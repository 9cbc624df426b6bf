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

/* Files as they are now, beside those in use. */
struct master_users {
	const struct conf *conf;
	size_t count; /* that were read */
	struct conf_users *all[CONF_USERS_FILES_MAX];
	struct conf_users_change changes[CONF_USERS_FILES_MAX];
	struct users memories;
};

struct master_users *
master_users_begin(struct master *m)
{
	struct master_users *read = calloc(1, sizeof *read);

	if (read != NULL)
		read->conf = m->conf;
	return read;
}

int
master_users_next(struct master_users *read, struct conf_errors *errors)
{
	const struct conf_users_file *file = &read->conf->users_files[read->count];
	struct conf_users *users;
	int fd;

	*errors = (struct conf_errors){ NULL, 0 };
	if (read->count == read->conf->users_file_count)
		return 0;
	users = conf_users_load(file->path, errors);
	fd = users != NULL ? memory_of(users) : -1;
	if (fd < 0) {
		free(users);
		return -1;
	}
	conf_users_compare(file->users, users, &read->changes[read->count]);
	read->all[read->count++] = users;
	read->memories.fds[read->memories.count++] = fd;
	return read->count < read->conf->users_file_count;
}

const struct conf_users_change *
master_users_change(const struct master_users *read, size_t file)
{
	return &read->changes[file];
}

void
master_users_adopt(struct master *m, struct master_users *read)
{
	unsigned slot;
	size_t i;

	for (i = 0; i < read->count; i++) {
		free(m->conf->users_files[i].users);
		m->conf->users_files[i].users = read->all[i];
		read->all[i] = NULL;
	}
	users_close(&m->users);
	m->users = read->memories;
	read->memories.count = 0;
	for (slot = 0; slot < m->workers.used; slot++)
		if (m->workers.slots[slot].process.pid != 0)
			worker_owe(&m->workers.slots[slot], WORKER_OWED_USERS); /* before any connection that comes from now on */
	log_notice("the files of users were read anew");
}

void
master_users_free(struct master_users *read)
{
	size_t i;

	for (i = 0; i < read->count; i++)
		free(read->all[i]);
	users_close(&read->memories);
	free(read);
}
