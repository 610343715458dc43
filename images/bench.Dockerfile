# The driver with wrk beside it, for make bench only.
ARG DRIVER=memlab-driver
FROM ${DRIVER}
ENTRYPOINT ["python3"]
RUN apt-get update \
    && apt-get install --yes --no-install-recommends wrk \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
