"""Rows from PostgreSQL through SQLAlchemy: single queries, a pool of processes, one merged."""

import multiprocessing

import await_database
import pools
from sqlalchemy import Column, Float, Integer, create_engine
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

SENSORS = 4
"""Sensors that one request asks for."""
ROWS_EACH = 100
"""Rows of each."""

Base = declarative_base()


class Reading(Base):
    """A row of images/postgres/readings.sql."""

    __tablename__ = "readings"
    id = Column(Integer, primary_key=True)
    sensor = Column(Integer)
    value = Column(Float)


def address():
    return "postgresql+psycopg2://lab@%s:%d/lab" % await_database.address()


ENGINE = create_engine(address())
DatabaseSession = sessionmaker(bind=ENGINE)


def fetched(query):
    return [{"id": row.id, "sensor": row.sensor, "value": row.value} for row in query]


def of_sensor(session, sensor):
    return (
        session.query(Reading)
        .filter(Reading.sensor == sensor)
        .order_by(Reading.id)
        .limit(ROWS_EACH)
    )


def rows():
    """The rows of one query after the other, over the engine's pool of connections."""
    session = DatabaseSession()
    try:
        found = [fetched(of_sensor(session, sensor)) for sensor in range(SENSORS)]
    finally:
        session.close()
    return sum(len(each) for each in found)


def rows_of(sensor):
    """The rows of one query, over a new connection: none may be shared across a fork."""
    session = sessionmaker(bind=create_engine(address(), poolclass=NullPool))()
    try:
        return len(fetched(of_sensor(session, sensor)))
    finally:
        session.close()


def rows_by_processes():
    """The rows of each query, run in a process of a pool that is made for the request."""
    pool = multiprocessing.Pool(SENSORS, pools.forget_signals)
    try:
        return sum(pool.map(rows_of, range(SENSORS)))
    finally:
        pool.close()
        pool.join()


def rows_merged():
    """The rows of one query for all sensors: the database does what ran side by side."""
    session = DatabaseSession()
    try:
        query = session.query(Reading).filter(Reading.sensor < SENSORS).order_by(Reading.id)
        return len(fetched(query.limit(SENSORS * ROWS_EACH)))
    finally:
        session.close()
