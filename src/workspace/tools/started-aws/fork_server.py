"""A plugin of the AWS CLI that makes many commands of one that is started.

Listens on a port of the loopback interface, which it prints, until its standard input ends. `aws.sh` makes three connections for a
command: for its output, for its errors, and with its folder, words and environment. Each begins with a secret and with the
command's name. The command runs in a fork, through the CLI's own entry point; its exit code is the answer on the third.
"""

import gc
import os
import selectors
import signal
import socket
import sys


def awscli_initialize(handlers):
    secret = os.environ["DRYDOCK_SECRET"]
    warm_up()
    gc.freeze()
    Server(secret).serve()
    os._exit(0)


def warm_up():
    """Makes the imports that a command makes late, by running one that reaches nobody."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    kept = [os.dup(fd) for fd in (1, 2)]
    for fd in (1, 2):
        os.dup2(nowhere, fd)
    run(
        ["sts", "get-caller-identity"],
        {
            "HOME": "/nonexistent",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_MAX_ATTEMPTS": "1",
        },
    )
    for fd, was in zip((1, 2), kept):
        os.dup2(was, fd)
        os.close(was)
    os.close(nowhere)


def run(words, environment):
    """Runs a command as a new process would; gives its exit code."""
    from awscli.clidriver import AWSCLIEntryPoint

    # The CLI's own, set when it is imported: where its data files are.
    data = os.environ["AWS_DATA_PATH"]
    os.environ.clear()
    os.environ.update(environment)
    os.environ["AWS_DATA_PATH"] = data
    try:
        code = AWSCLIEntryPoint().main(words)
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 0 if code is None else 1


class Words:
    """What a connection says: words that end in NUL."""

    def __init__(self, connection):
        self.connection = connection
        self.unread = b""

    def next(self):
        while b"\0" not in self.unread:
            read = self.connection.recv(1 << 16)
            if not read:
                raise EOFError
            self.unread += read
        word, self.unread = self.unread.split(b"\0", 1)
        return os.fsdecode(word)

    def list(self):
        return [self.next() for _ in range(int(self.next()))]


class Server:
    def __init__(self, secret):
        self.secret = secret
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        # Output and errors by command.
        self.outputs = {}

    def serve(self):
        os.write(1, b"%d\n" % self.listener.getsockname()[1])
        self.selector.register(0, selectors.EVENT_READ, None)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    return
                key.data()

    def accept(self):
        connection, _ = self.listener.accept()
        words = Words(connection)
        try:
            if words.next() != self.secret:
                connection.close()
                return
            name, part = words.next(), words.next()
            if part != "command":
                self.outputs.setdefault(name, []).append(connection)
                return
            folder, command, pairs = words.next(), words.list(), words.list()
        except EOFError:
            connection.close()
            return
        environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        self.start(connection, self.outputs.pop(name), folder, command, environment)

    def start(self, control, outputs, folder, command, environment):
        # Nothing is written to this pipe: its end is that of the command.
        alive, held = os.pipe()
        pid = os.fork()
        if pid == 0:
            self.be(outputs, folder, command, environment)
        os.close(held)
        for output in outputs:
            output.close()

        def ended():
            _, status = os.waitpid(pid, 0)
            self.selector.unregister(alive)
            os.close(alive)
            if control.fileno() < 0:
                return
            self.selector.unregister(control)
            try:
                control.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            except OSError:
                pass
            control.close()

        def left():
            """Who asked for the command has ended."""
            self.selector.unregister(control)
            control.close()
            os.kill(pid, signal.SIGTERM)

        self.selector.register(alive, selectors.EVENT_READ, ended)
        self.selector.register(control, selectors.EVENT_READ, left)

    def be(self, outputs, folder, command, environment):
        """What the fork does: it is the command."""
        code = 255
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for fd, output in zip((1, 2), outputs):
                os.dup2(output.fileno(), fd)
            # Those of other commands, too: they end with those commands.
            for connection in [*outputs, *(one for pair in self.outputs.values() for one in pair)]:
                connection.close()
            os.chdir(folder)
            code = run(command, environment)
        finally:
            os._exit(code)
