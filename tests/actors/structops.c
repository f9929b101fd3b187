/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Registers a TCP congestion control of BPF programs, uses it on one connection, and unregisters
 * it. Prints {"struct_ops":ID,"written":ID,"updates":N}: the maps, and the writes that its init
 * counted. Holds them until stdin is closed if it has an argument.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actors/structops.skel.h"
#include "mapid.h"

/* The control is started when a connection that stands is given it. */
static int use(const char *name)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int err = bind(server, (struct sockaddr *)&addr, sizeof(addr)) || listen(server, 1) ||
		  getsockname(server, (struct sockaddr *)&addr, &len) ||
		  connect(client, (struct sockaddr *)&addr, sizeof(addr)) ||
		  setsockopt(client, IPPROTO_TCP, TCP_CONGESTION, name, 7);

	if (err)
		perror("structops: connection");
	close(client);
	close(server);
	return err;
}

int main(int argc, char **argv)
{
	struct structops_bpf *skel = structops_bpf__open_and_load();
	struct bpf_link *link = skel ? bpf_map__attach_struct_ops(skel->maps.cc_live) : NULL;
	char byte;

	(void)argv;
	if (!link || use("cc_live"))
		return 1;
	bpf_link__destroy(link);
	printf("{\"struct_ops\":%u,\"written\":%u,\"updates\":%llu}\n",
	       map_id(bpf_map__fd(skel->maps.cc_live)), map_id(bpf_map__fd(skel->maps.written)),
	       (unsigned long long)skel->bss->updates);
	fflush(stdout);
	while (argc > 1 && read(STDIN_FILENO, &byte, 1) > 0)
		;
	structops_bpf__destroy(skel);
	return 0;
}
