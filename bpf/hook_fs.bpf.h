/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on names: pins that are removed, renamed, linked or get other rights, and mounts.
 *
 * The bpf file system uses the simple_*() operations of fs/libfs.c (bpf_dir_iops in
 * kernel/bpf/inode.c), after all checks, and so do few others: hooking them costs the common file
 * systems nothing, and the result is the operation's own. All mounts are reported; which of them
 * concern a bpf file system, the user side tells by the path.
 */
#include "fd.bpf.h"

#include <bpf/bpf_tracing.h>

#define BPF_FS_MAGIC 0xcafe4a11u
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define RENAME_EXCHANGE 2u /* include/uapi/linux/fs.h */

static __always_inline bool on_bpffs(struct dentry *dentry)
{
	return state != STATE_OFF && BPF_CORE_READ(dentry, d_sb, s_magic) == BPF_FS_MAGIC;
}

/*
 * The map that a name on a bpf file system stands for, or NULL. Programs and links are names there
 * too: what is read of them is no map. The user side tells by address and id, which it knows of
 * every map.
 */
static __always_inline void read_pin(struct wire_map *out, struct dentry *dentry)
{
	struct bpf_map *map = BPF_CORE_READ(dentry, d_inode, i_private);

	if (map)
		read_map(out, map);
}

static __always_inline struct wire_fs *fs_begin(u32 hook, u32 what)
{
	struct wire_fs *r;

	__sync_fetch_and_add(&counts[hook].seen, 1);
	__sync_fetch_and_add(&counts[hook].taken, 1);
	tell_new_process();
	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r) {
		count_lost(hook, WIRE_LOSS_RING, 1);
		return NULL;
	}
	r->hdr.size = sizeof(*r);
	r->hdr.kind = WIRE_FS;
	r->hdr.hook = hook;
	fill_task(&r->hdr, &r->task);
	fill_process(&r->task);
	__builtin_memset(&r->map, 0, sizeof(r->map));
	__builtin_memset(&r->over, 0, sizeof(r->over));
	r->what = what;
	r->result = 0;
	r->flags = 0;
	r->dev = 0;
	r->mode = r->uid = r->gid = 0;
	r->path_len = r->path2_len = r->mount = 0;
	return r;
}

/* The same for a name. */
static __always_inline struct wire_fs *fs_of(u32 hook, u32 what, struct dentry *dentry)
{
	struct wire_fs *r = fs_begin(hook, what);

	if (!r)
		return NULL;
	r->dev = BPF_CORE_READ(dentry, d_sb, s_dev);
	if (BPF_CORE_READ(dentry, d_sb, s_magic) == BPF_FS_MAGIC)
		r->flags |= WIRE_FS_BPF;
	if ((BPF_CORE_READ(dentry, d_inode, i_mode) & S_IFMT) == S_IFDIR)
		r->flags |= WIRE_FS_DIR;
	else if (r->flags & WIRE_FS_BPF)
		read_pin(&r->map, dentry);
	return r;
}

/* Names from the last one up, to that of `root` or of the file system. Returns bytes. */
static __always_inline u32 put_path(char *out, struct dentry *dentry, const struct dentry *root)
{
	u64 len = 0;

	for (u32 i = 0; i < WIRE_FS_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		long n;

		opaque(len);
		if (parent == dentry || dentry == root || len > WIRE_FS_PATH_BYTES - 256)
			break;
		n = bpf_probe_read_kernel_str(out + len, 256, BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			break;
		len += n;
		dentry = parent;
	}
	return len;
}

SEC("fexit/simple_unlink")
int BPF_PROG(pin_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	struct slot *s;
	struct wire_fs *r;

	if (!on_bpffs(dentry))
		return 0;
	s = slot_find(bpf_get_current_pid_tgid());
	if (s && s->cmd == CMD_RENAME)
		return 0;	/* what is renamed over: reported with the rename */
	r = fs_of(WIRE_HOOK_PIN_UNLINK, WIRE_FS_UNLINK, dentry);
	if (!r)
		return 0;
	r->flags |= WIRE_FS_RESULT;
	r->result = ret;
	r->path_len = put_path(r->path, dentry, NULL);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

SEC("fentry/simple_rename")
int BPF_PROG(pin_rename_enter)
{
	slot_mark(CMD_RENAME);
	return 0;
}

/* The dentries change places only after simple_rename(): each still has its own name. */
static __always_inline int renamed(struct dentry *from, struct dentry *to, u32 flags, int ret)
{
	struct wire_fs *r;

	slot_unmark(CMD_RENAME);
	r = on_bpffs(from) ? fs_of(WIRE_HOOK_PIN_RENAME, WIRE_FS_RENAME, from) : NULL;
	if (!r)
		return 0;
	if (BPF_CORE_READ(to, d_inode))
		read_pin(&r->over, to);
	if (flags & RENAME_EXCHANGE)
		r->flags |= WIRE_FS_EXCHANGE;
	r->flags |= WIRE_FS_RESULT;
	r->result = ret;
	r->path_len = put_path(r->path, from, NULL);
	r->path2_len = put_path(r->path2, to, NULL);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

SEC("fexit/simple_rename")
int BPF_PROG(pin_rename, void *idmap, struct inode *from_dir, struct dentry *from,
	     struct inode *to_dir, struct dentry *to, unsigned int flags, int ret)
{
	return renamed(from, to, flags, ret);
}

/* Before 549c7297717c "fs: make helpers idmap mount aware", 5.12. */
SEC("fexit/simple_rename")
int BPF_PROG(pin_rename_5, struct inode *from_dir, struct dentry *from, struct inode *to_dir,
	     struct dentry *to, unsigned int flags, int ret)
{
	return renamed(from, to, flags, ret);
}

SEC("fexit/simple_link")
int BPF_PROG(pin_link, struct dentry *from, struct inode *dir, struct dentry *to, int ret)
{
	struct wire_fs *r = on_bpffs(from) ? fs_of(WIRE_HOOK_PIN_LINK, WIRE_FS_LINK, from) : NULL;

	if (!r)
		return 0;
	r->flags |= WIRE_FS_RESULT;
	r->result = ret;
	r->path_len = put_path(r->path, from, NULL);
	r->path2_len = put_path(r->path2, to, NULL);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/* ATTR_MODE, ATTR_UID and ATTR_GID of include/linux/fs.h. */
static __always_inline int changed_rights(struct dentry *dentry, struct iattr *attr, int ret)
{
	u32 valid = BPF_CORE_READ(attr, ia_valid);
	struct wire_fs *r;

	if (!(valid & 7) || !on_bpffs(dentry))
		return 0;
	r = fs_of(WIRE_HOOK_PIN_CHMOD, WIRE_FS_CHMOD, dentry);
	if (!r)
		return 0;
	r->flags |= WIRE_FS_RESULT | (valid & 7) * WIRE_FS_MODE;
	r->result = ret;
	r->mode = BPF_CORE_READ(attr, ia_mode);
	r->uid = BPF_CORE_READ(attr, ia_uid.val);
	r->gid = BPF_CORE_READ(attr, ia_gid.val);
	r->path_len = put_path(r->path, dentry, NULL);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

SEC("fexit/simple_setattr")
int BPF_PROG(pin_chmod, void *idmap, struct dentry *dentry, struct iattr *attr, int ret)
{
	return changed_rights(dentry, attr, ret);
}

SEC("fexit/simple_setattr")
int BPF_PROG(pin_chmod_2, struct dentry *dentry, struct iattr *attr, int ret)
{
	return changed_rights(dentry, attr, ret);
}

static __always_inline int mounted(u32 hook, u32 what, struct dentry *dentry, struct vfsmount *mnt,
				   bool of_bpffs, int ret)
{
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	struct wire_fs *r = state != STATE_OFF && dentry ? fs_of(hook, what, dentry) : NULL;

	if (!r)
		return 0;
	r->flags |= WIRE_FS_RESULT | (of_bpffs ? WIRE_FS_BPF : 0);
	r->result = ret;
	r->mount = BPF_CORE_READ(mount, mnt_id);
	r->path_len = put_path(r->path, dentry, BPF_CORE_READ(mnt, mnt_root));
	bpf_ringbuf_submit(r, 0);
	return 0;
}

SEC("fexit/path_mount")
int BPF_PROG(fs_mount, void *dev_name, struct path *path, void *type, u64 flags, void *data,
	     int ret)
{
	return mounted(WIRE_HOOK_FS_MOUNT, WIRE_FS_MOUNT, path->dentry, path->mnt, false, ret);
}

/* fsopen(2) and its like end here; whether it is allowed is known, not whether it is done. */
SEC("fexit/security_move_mount")
int BPF_PROG(fs_move, struct path *from, struct path *to, int ret)
{
	return mounted(WIRE_HOOK_FS_MOVE, WIRE_FS_MOVE_MOUNT, to->dentry, to->mnt,
		       BPF_CORE_READ(from, dentry, d_sb, s_magic) == BPF_FS_MAGIC, ret);
}

/* What the path is of may be freed when the call returns: noted before. */
SEC("fentry/path_umount")
int BPF_PROG(fs_umount_enter, struct path *path)
{
	struct slot *s = state != STATE_OFF ? slot_mark(CMD_UMOUNT) : NULL;
	struct vfsmount *mnt = path->mnt;
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);

	if (!s)
		return 0;
	s->mount = BPF_CORE_READ(mount, mnt_id);
	s->dev = BPF_CORE_READ(mnt, mnt_sb, s_dev);
	s->on_bpffs = BPF_CORE_READ(mnt, mnt_sb, s_magic) == BPF_FS_MAGIC;
	return 0;
}

SEC("fexit/path_umount")
int BPF_PROG(fs_umount, struct path *path, int flags, int ret)
{
	u64 id = bpf_get_current_pid_tgid();
	struct slot *s = slot_find(id);
	struct wire_fs *r;

	if (!s || s->cmd != CMD_UMOUNT) {
		if (state == STATE_ON)
			lose(WIRE_HOOK_FS_UMOUNT, WIRE_LOSS_TABLE, 1);
		return 0;
	}
	r = fs_begin(WIRE_HOOK_FS_UMOUNT, WIRE_FS_UMOUNT);
	if (r) {
		r->flags = WIRE_FS_RESULT | (s->on_bpffs ? WIRE_FS_BPF : 0);
		r->result = ret;
		r->mount = s->mount;
		r->dev = s->dev;
		bpf_ringbuf_submit(r, 0);
	}
	slot_free(id, s);
	return 0;
}

/* ---- the paths of bpf(2), from the kernel: user memory may say another thing by then ---- */

/* What the running command makes or finds; the record of the command follows. */
SEC("fexit/bpf_mkmap")
int BPF_PROG(pin_made, struct dentry *dentry, unsigned short mode, void *arg, int ret)
{
	struct wire_fs *r =
		!ret && on_bpffs(dentry) ? fs_of(WIRE_HOOK_PIN_MADE, WIRE_FS_PIN, dentry) : NULL;

	if (!r)
		return 0;
	r->path_len = put_path(r->path, dentry, NULL);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

static __always_inline int opened(struct path *path, int ret)
{
	struct slot *s = !ret && opening_pins ? slot_find(bpf_get_current_pid_tgid()) : NULL;
	struct dentry *dentry;

	if (!s || s->cmd != BPF_OBJ_GET)
		return 0;
	dentry = BPF_CORE_READ(path, dentry);
	return on_bpffs(dentry) ? mounted(WIRE_HOOK_PIN_OPENED, WIRE_FS_OPEN, dentry,
					  BPF_CORE_READ(path, mnt), true, 0) :
				  0;
}

SEC("fexit/user_path_at")
int BPF_PROG(pin_opened, int dfd, void *name, unsigned int flags, struct path *path, int ret)
{
	return opened(path, ret);
}

/* Where user_path_at() is inline, around this: 5.10 and 6.1 at least. */
SEC("fexit/user_path_at_empty")
int BPF_PROG(pin_opened_empty, int dfd, void *name, unsigned int flags, struct path *path,
	     int *empty, int ret)
{
	return opened(path, ret);
}
