"""Runs checkov once per line of arguments and prints the answers as a JSON list of [arguments, exit code, text].

Standard input is a JSON list of argument lists. checkov takes seconds to be loaded, and given several folders it takes the documents of one for
those of the next. So it is loaded once, and each run is a child of that: as fresh as a start of its own.
"""
import json
import os
import sys
import tempfile

from checkov.main import Checkov


def run(arguments):
    with tempfile.TemporaryFile() as out:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.dup2(out.fileno(), 1)
                code = Checkov(arguments).run() or 0
                sys.stdout.flush()
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        return [arguments, code, out.read().decode()]


print(json.dumps([run(arguments) for arguments in json.load(sys.stdin)]))
