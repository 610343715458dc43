# The driver: the package scripts/lab on a Python of its own. Its order: see variant.Dockerfile.
ARG PYTHON_IMAGE=python:3.12.11-slim-bookworm
FROM ${PYTHON_IMAGE}
LABEL memlab=image
# The fits are of a few points: threads of BLAS would only start and end.
ENV OPENBLAS_NUM_THREADS=1 PYTHONPATH=/lab/scripts PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ENTRYPOINT ["python3", "-m", "lab"]
COPY images/locks /lab/images/locks
RUN PIP_ROOT_USER_ACTION=ignore python3 -m pip install --no-cache-dir --disable-pip-version-check --no-warn-script-location \
        --require-hashes -r /lab/images/locks/driver.txt \
    && mkdir -p /var/log/lab && chown 1000:1000 /var/log/lab
COPY scripts/lab /lab/scripts/lab
# Its root is read-only: what is not compiled here is compiled at each start.
RUN python3 -m compileall -q /lab/scripts/lab
