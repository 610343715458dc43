# The gate: HAProxy in front of the Docker socket. Its rules are images/gate/haproxy.cfg.
ARG DEBIAN_IMAGE=debian:12.11-slim
FROM ${DEBIAN_IMAGE}
LABEL memlab=image
ENV LAB_GATE_BIND=*:2375
# As process 1 it would not hear SIGTERM.
STOPSIGNAL SIGUSR1
CMD ["haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"]

# The group that owns the socket has another number on every host (0 on Docker Desktop, mostly
# 100-150 or 900-999 elsewhere), and a plain `docker compose up` hands none over: the gate's
# user belongs to all of them. Any other number comes by `group_add`.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends haproxy \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin gate \
 && for gid in 0 $(seq 100 150) $(seq 900 999); do \
      echo "socket$gid:x:$gid:gate"; \
    done >> /etc/group

COPY --chown=gate:gate images/gate/haproxy.cfg /etc/haproxy/haproxy.cfg
