# The database of the db workloads: Debian's PostgreSQL, made anew at every start.
ARG DEBIAN_IMAGE=debian:12.11-slim
FROM ${DEBIAN_IMAGE}
LABEL memlab=image

# initdb wants a user with a name; no cluster of Debian's own is wanted.
RUN mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      -o Dpkg::Options::=--force-confold postgresql \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --uid 1000 --user-group --no-create-home --shell /usr/sbin/nologin lab

COPY images/postgres /lab/postgres
USER 1000:1000
# SIGTERM would wait for the clients to leave.
STOPSIGNAL SIGINT
ENTRYPOINT ["/lab/postgres/entry"]
