"""How the clients of a user app behave between their requests, beyond the requests themselves."""

from lab.load.cookies import CookieJar


class Session:
    """What the clients of one server keep from block to block: a jar of cookies each."""

    def __init__(
        self, *, keeps_cookies: bool, think_seconds: float, given: CookieJar | None = None
    ) -> None:
        """
        Args:
            think_seconds: the pause of each client between its requests.
            given: the cookies of the login, with which each client begins.
        """
        self.keeps_cookies, self.think_seconds = keeps_cookies, think_seconds
        self.given = given or CookieJar()
        self.jars: dict[int, CookieJar] = {}

    def jar(self, client: int) -> CookieJar | None:
        """The jar of the client with that number, the same one in each block."""
        if not self.keeps_cookies:
            return None
        return self.jars.setdefault(client, CookieJar(self.given.values.items()))
