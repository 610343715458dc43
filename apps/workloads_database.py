"""Rows out of PostgreSQL by SQLAlchemy: one query, several in a pool of processes, one merged."""

import multiprocessing
import os
import sys
import time

import pools
from sqlalchemy import Column, Float, Integer, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.3
SENSORS = 4
"""Sensors that one request asks for."""
ROWS = 100
"""Rows of each."""
BOOT_ERROR = 3
"""The status by which gunicorn knows that a worker cannot start."""

Base = declarative_base()


class Reading(Base):
    """A row of images/postgres/readings.sql."""

    __tablename__ = "readings"
    id = Column(Integer, primary_key=True)
    sensor = Column(Integer)
    value = Column(Float)


def address():
    host, _, port = os.environ.get("LAB_DATABASE", "postgres:5432").partition(":")
    return "postgresql+psycopg2://lab@%s:%s/lab" % (host, port or "5432")


def answers(engine):
    try:
        engine.connect().close()
    except OperationalError:
        return False
    return True


def wait_for_database(engine, deadline_seconds=DEADLINE_SECONDS):
    """Return when it answers; end this worker with one line when it does not in time."""
    give_up_at = time.monotonic() + deadline_seconds
    while not answers(engine):
        if time.monotonic() > give_up_at:
            where = address().split("@")[1]
            sys.stderr.write(
                "lab: no database answers at %s within %d s: start the service postgres, "
                "or name another in LAB_DATABASE=host:port\n" % (where, deadline_seconds)
            )
            sys.exit(BOOT_ERROR)
        time.sleep(PAUSE_SECONDS)


ENGINE = create_engine(address())
Session = sessionmaker(bind=ENGINE)
wait_for_database(ENGINE)


def fetched(query):
    return [{"id": row.id, "sensor": row.sensor, "value": row.value} for row in query]


def of_sensor(session, sensor):
    return session.query(Reading).filter(Reading.sensor == sensor).order_by(Reading.id).limit(ROWS)


def rows():
    """One query after the other, over the engine's pool of connections."""
    session = Session()
    try:
        found = [fetched(of_sensor(session, sensor)) for sensor in range(SENSORS)]
    finally:
        session.close()
    return sum(len(each) for each in found)


def rows_of(sensor):
    """One query over a connection of its own: none may be shared with the process that forked."""
    session = sessionmaker(bind=create_engine(address(), poolclass=NullPool))()
    try:
        return len(fetched(of_sensor(session, sensor)))
    finally:
        session.close()


def rows_by_processes():
    """Each query in a process of a pool that is made for the request."""
    pool = multiprocessing.Pool(SENSORS, pools.forget_signals)
    try:
        return sum(pool.map(rows_of, range(SENSORS)))
    finally:
        pool.close()
        pool.join()


def rows_merged():
    """One query for all of them: the database does what ran side by side."""
    session = Session()
    try:
        query = session.query(Reading).filter(Reading.sensor < SENSORS).order_by(Reading.id)
        return len(fetched(query.limit(SENSORS * ROWS)))
    finally:
        session.close()
