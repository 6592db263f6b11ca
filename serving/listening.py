"""What a server asks of its machine before anything is opened: its address, and open files."""

from __future__ import annotations

import errno
import resource
import socket

from serving.errors import SettingsError


class PortTakenError(SettingsError):
    """Somebody else listens at the address."""


def demand_free(host: str, port: int) -> None:
    """Raise PortTakenError or SettingsError unless the server can listen at the address.

    Port 0 stands for any that is free.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise _no_address(host) from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise _refused(error, host, port) from error


def _refused(error: OSError, host: str, port: int) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return PortTakenError(
            f"Port {port} of {host} is taken: another server listens there.",
            fix=f"End it (`ss -ltnp 'sport = :{port}'` names it), or choose another port: "
            "--port or CALLWORTH_PORT.",
        )
    if error.errno == errno.EACCES:
        return SettingsError(
            f"Port {port} may only be opened by the administrator.",
            fix="Choose a port from 1024 on, and let a proxy or the socket's owner hold this one.",
        )
    return _no_address(host)


def _no_address(host: str) -> SettingsError:
    return SettingsError(
        f"{host} is no address of this machine.",
        fix="Name one of it, such as 127.0.0.1, or 0.0.0.0 for all of them.",
    )


def raise_open_files() -> None:
    """Let this process and its workers hold as many connections open as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
