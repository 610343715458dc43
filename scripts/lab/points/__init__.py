"""The points of a bisection: releases of a package, interpreters, commits of a clone."""
