/* The floor of P16: what the kernel alone takes to give the same frame to each of many sockets, one send each.

   floor PORT SOCKETS ROUNDS RATE: accepts SOCKETS connections, reads one frame from standard input, sends it to each of
   them ROUNDS times, RATE rounds a second (0: without a pause), and prints the microseconds of CPU a delivered frame. */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int must(int answer, const char *what) {
    if (answer < 0) {
        perror(what);
        exit(1);
    }
    return answer;
}

int main(int argc, char **words) {
    if (argc != 5) return 2;
    int sockets = atoi(words[2]), rounds = atoi(words[3]), rate = atoi(words[4]), on = 1;
    static char frame[65536];
    size_t size = fread(frame, 1, sizeof frame, stdin);

    int door = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    must(setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    must(bind(door, (struct sockaddr *)&here, sizeof here), "bind");
    must(listen(door, sockets), "listen");
    int *peers = calloc(sockets, sizeof *peers);
    for (int n = 0; n < sockets; n++) {
        peers[n] = must(accept(door, NULL, NULL), "accept");
        must(setsockopt(peers[n], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    }

    double began = cpu();
    for (int round = 0; round < rounds; round++) {
        for (int n = 0; n < sockets; n++)
            for (size_t sent = 0; sent < size;) /* a full socket waits here, which costs no CPU */
                sent += must(send(peers[n], frame + sent, size - sent, MSG_NOSIGNAL), "send");
        if (rate) usleep(1000000 / rate);
    }
    printf("%.3f\n", (cpu() - began) * 1e6 / rounds / sockets);
    return 0;
}
