// service.h - tells the service manager how far we are: sd_notify(3) by hand.
//
// One datagram to the socket $NOTIFY_SOCKET names, a path or an abstract name; without it nothing.
#ifndef NODE_IO_RUNNER_SERVICE_H
#define NODE_IO_RUNNER_SERVICE_H

void service_notify(const char *state); // "READY=1", "STOPPING=1"

#endif
