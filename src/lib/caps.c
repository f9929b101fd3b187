/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Capabilities, as capget(2) tells them, and capset(2) and prctl(2) take them away; see caps.h. */
#include "lib/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct caps {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static int read_caps(struct caps *c)
{
	*c = (struct caps){ .head.version = _LINUX_CAPABILITY_VERSION_3 };
	return syscall(SYS_capget, &c->head, c->data) ? -errno : 0;
}

bool caps_has(unsigned int capability)
{
	struct caps c;

	return !read_caps(&c) &&
	       c.data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

/* What execve(2) could give back; it takes CAP_SETPCAP, and without that there is nothing to do. */
static void drop_bounding(uint64_t keep)
{
	for (unsigned int c = 0; c < 64 && prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (!(keep >> c & 1))
			prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int caps_keep(uint64_t keep)
{
	struct caps c;
	int err = read_caps(&c);

	if (err)
		return err;
	drop_bounding(keep);
	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		c.data[i].permitted &= (uint32_t)(keep >> 32 * i);
		c.data[i].effective &= c.data[i].permitted;
		c.data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &c.head, c.data))
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
