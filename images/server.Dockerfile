# The stand-in for a server's official image: Debian's packages in one layer, or a release of the
# Python index where Debian has none, on a base with a Python.
ARG DEBIAN_IMAGE=debian:12.11-slim
FROM ${DEBIAN_IMAGE} AS server
LABEL memlab=image
ARG PACKAGES SERVER_USER WHEEL=
# No cluster of Debian's own is made, and nothing is started.
RUN mkdir -p /etc/postgresql-common \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      -o Dpkg::Options::=--force-confold ${PACKAGES} \
 && { [ -z "${WHEEL}" ] || python3 -m pip install --quiet --no-cache-dir --only-binary :all: \
      --break-system-packages --root-user-action=ignore "${WHEEL}"; } \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && { id ${SERVER_USER} > /dev/null 2>&1 \
      || useradd --system --no-create-home --shell /usr/sbin/nologin ${SERVER_USER}; }

# The database of the db workloads, on the same layer: made anew at every start.
FROM server AS database
# initdb wants a user with a name.
RUN useradd --uid 1000 --user-group --no-create-home --shell /usr/sbin/nologin lab
COPY images/postgres /lab/postgres
