"""The request that every GraphQL endpoint answers."""

import json
import re
from collections.abc import Iterator

from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import GuessedRequest

LIBRARIES = frozenset({"strawberry", "graphene", "ariadne", "graphene_django", "tartiflette"})
PATH = re.compile(r"['\"]/?((?:[\w-]+/)*graphql/?)['\"]", re.IGNORECASE)
QUERY = json.dumps({"query": "{ __typename }"})
WHY = "a GraphQL endpoint; put a query of yours into its body"


def graphql_requests(folder: Folder) -> Iterator[GuessedRequest]:
    """One query for each path that its code names."""
    if not any(LIBRARIES & set(module.imports) for module in folder.modules):
        return
    named = (match[1] for module in folder.modules for match in PATH.finditer(module.text))
    for path in dict.fromkeys(named):
        yield GuessedRequest(
            {
                "path": f"/{path}",
                "method": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": QUERY,
            },
            WHY,
        )
