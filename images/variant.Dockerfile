# One recipe for every Python and stack. The build context is the repository's root.
ARG PYTHON_IMAGE=python:3.10.18-slim-bookworm
FROM ${PYTHON_IMAGE}
LABEL memlab=image
ARG STACK=thread
COPY images/locks/${STACK}.txt /lab/requirements.txt
RUN PIP_ROOT_USER_ACTION=ignore python3 -m pip install --no-cache-dir --disable-pip-version-check --no-warn-script-location \
        --require-hashes -r /lab/requirements.txt \
    && mkdir -p /var/log/lab && chown 1000:1000 /var/log/lab
COPY images/entry /lab/entry
COPY apps /lab/apps
ARG BASE_KIND=official
ARG BASE_REFERENCE=
LABEL memlab.base.kind="${BASE_KIND}" \
      memlab.base.reference="${BASE_REFERENCE}" memlab.stack="${STACK}"
WORKDIR /lab/apps
USER 1000:1000
ENTRYPOINT ["/lab/entry"]
