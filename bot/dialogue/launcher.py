"""Runs inside Rasa's own Python (3.8–3.10), in place of its command: `launcher.py train …`, `launcher.py run …`.

Nothing of ours can be imported here, nor is Rasa imported before it is asked for. It takes the place of the `rasa`
command because Rasa checks the constant schemas of events anew at every call, which is three quarters of a turn; its
trackers would fill the memory; it must end with the process that started it, even if that one was killed; and a token
on a command line is everybody's to read.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import sys
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOKEN = "RASA_SIDECAR_TOKEN"
_MOST_TRACKERS = 2000
"""Kept in memory. A conversation's tracker is set anew before each message, so a forgotten one is no loss."""
_WAIT_SECONDS = 0.02
_GRACE_SECONDS = 5.0


def main() -> int:
    """The exit status of Rasa's command with these arguments."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    token = os.environ.pop(TOKEN, "")
    if token:
        sys.argv.append(f"--auth-token={token}")
    # Only its neural models want jax, and importing it costs 0.6 s and 64 MB. This is how Python spells “not there”.
    sys.modules["jax"] = None  # type: ignore[assignment]
    if sys.argv[1:2] == ["run"]:
        warnings.showwarning = say_nothing
        check_schemas_once()
        keep_few_trackers()
        wait_briefly()
        lay_weights_in_columns()
    else:
        os.nice(10)  # merchants are being served meanwhile
    bring_featurizers()
    status: int = importlib.import_module("rasa.__main__").main() or 0
    return status


def bring_featurizers() -> None:
    """Let the pipeline and stored models name ours. By its path: in this folder, `rasa.py` would be taken for Rasa."""
    name = "shangda_featurizer"
    spec: Any = importlib.util.spec_from_file_location(name, Path(__file__).with_name("featurizer.py"))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.register()


def say_nothing(*_: Any, **__: Any) -> None:
    """In the place of warnings: some libraries undo `-W ignore`, and each start would log the same thirty lines."""


def end_with_parent() -> None:
    """Standard input is a pipe from the parent that nobody writes to: when it ends, so has the parent."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


def check_schemas_once() -> None:
    """Let what fits Rasa's schemas of events pass without checking the schemas; what does not fit goes Rasa's way."""
    action = importlib.import_module("rasa.core.actions.action").RemoteAction
    server: Any = importlib.import_module("rasa.server")
    check_result, check_request = action._validate_action_result, server.validate_events_in_request_body
    result_fits, events_fit = fits(action.action_response_format_spec()), fits(server.EVENTS_SCHEMA)

    def validate_result(self: Any, result: Any) -> Any:
        return True if result_fits(result) else check_result(self, result)

    def validate_request(request: Any) -> None:
        events = request.json if isinstance(request.json, list) else [request.json]
        if not events_fit(events):
            check_request(request)

    action._validate_action_result = validate_result
    server.validate_events_in_request_body = validate_request


def fits(schema: Any) -> Callable[[Any], bool]:
    """Whether something fits a schema, which is checked and compiled now."""
    kind = importlib.import_module("jsonschema").validators.validator_for(schema)
    kind.check_schema(schema)
    valid: Callable[[Any], bool] = kind(schema).is_valid
    return valid


def keep_few_trackers() -> None:
    """Forget the trackers that were used longest ago."""
    store = importlib.import_module("rasa.core.tracker_store").InMemoryTrackerStore
    save = store.save

    async def save_and_forget(self: Any, tracker: Any) -> None:
        if not isinstance(self.store, OrderedDict):
            self.store = OrderedDict(self.store)
        await save(self, tracker)
        self.store.move_to_end(tracker.sender_id)
        while len(self.store) > _MOST_TRACKERS:
            self.store.popitem(last=False)

    store.save = save_and_forget


def wait_briefly() -> None:
    """Let the second of two messages of a conversation look whether it may go on each 20 ms; Rasa would each second."""
    store = importlib.import_module("rasa.core.lock_store").LockStore
    acquire = store._acquire_lock
    store._acquire_lock = lambda self, conversation, ticket, _: acquire(self, conversation, ticket, _WAIT_SECONDS)


def lay_weights_in_columns() -> None:
    """Lay the classifier's weights so that a sparse row picks its columns; else each message copies all, in 13 ms."""
    classifier = importlib.import_module("rasa.nlu.classifiers.logistic_regression_classifier")
    kind = classifier.LogisticRegressionClassifier
    load = kind.load

    def load_in_columns(*given: Any, **named: Any) -> Any:
        made = load(*given, **named)
        if hasattr(made.clf, "coef_"):  # it has been trained
            made.clf.coef_ = importlib.import_module("numpy").asfortranarray(made.clf.coef_)
        return made

    kind.load = staticmethod(load_in_columns)


if __name__ == "__main__":
    sys.exit(main())
