/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps and BTF by id, opened for one question and closed; see mapask.h. */
#include "btf/mapask.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int ask_map(void *context, uint32_t id, struct bpf_map_info *info)
{
	LIBBPF_OPTS(bpf_get_fd_by_id_opts, opts, .open_flags = BPF_F_RDONLY);
	int fd = bpf_map_get_fd_by_id_opts(id, &opts), err;
	uint32_t len = sizeof(*info);

	(void)context;
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, info, &len);
	close(fd);
	return err;
}

static int read_btf(int fd, void **data, uint32_t *size)
{
	struct bpf_btf_info info = { 0 };
	uint32_t len = sizeof(info);
	int err = bpf_obj_get_info_by_fd(fd, &info, &len);

	*size = info.btf_size;
	if (err || !data)
		return err;
	*data = malloc(*size);
	if (!*data)
		return -ENOMEM;
	info = (struct bpf_btf_info){ .btf = (uintptr_t)*data, .btf_size = *size };
	len = sizeof(info);
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (err)
		free(*data);
	return err;
}

static int read_kernel_btf(int fd, void **data, uint32_t *size)
{
	struct stat st;
	ssize_t n = 0;
	size_t done;

	if (fstat(fd, &st))
		return -errno;
	*size = (uint32_t)st.st_size;
	if (!data)
		return 0;
	*data = malloc(*size);
	if (!*data)
		return -ENOMEM;
	for (done = 0; done < *size; done += (size_t)n) {
		n = read(fd, (char *)*data + done, *size - done);
		if (n <= 0) {
			free(*data);
			return n ? -errno : -EIO;
		}
	}
	return 0;
}

static int ask_btf(void *context, uint32_t btf_id, void **data, uint32_t *size)
{
	int fd = btf_id ? bpf_btf_get_fd_by_id(btf_id) :
			  open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	int err;

	(void)context;
	if (fd < 0)
		return -errno;
	err = btf_id ? read_btf(fd, data, size) : read_kernel_btf(fd, data, size);
	close(fd);
	return err;
}

const struct mapinfo_source mapask_kernel = { .map = ask_map, .btf = ask_btf };
