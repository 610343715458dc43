# One recipe for every Python and stack. The build context is the repository's root. After each
# instruction Docker's older builder compares all files with those before, also where it only sets
# metadata: there are few, and metadata comes first. compose.yaml names the user, the entry its folder.
ARG PYTHON_IMAGE=python:3.10.18-slim-bookworm
FROM ${PYTHON_IMAGE}
ENTRYPOINT ["/lab/apps/entry"]
ARG STACK=thread BASE_KIND=official BASE_REFERENCE=
LABEL memlab=image memlab.base.kind="${BASE_KIND}" \
      memlab.base.reference="${BASE_REFERENCE}" memlab.stack="${STACK}"
COPY images/locks/${STACK}.txt /lab/requirements.txt
# A package without a wheel is built with the lock's own setuptools, which a stand-in base lacks.
RUN awk '/^[a-z]/ { keep = /^setuptools==/ } keep' /lab/requirements.txt > /lab/setuptools.txt \
    && export PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_WARN_SCRIPT_LOCATION=0 \
    && python3 -m pip install --require-hashes -r /lab/setuptools.txt \
    && python3 -m pip install --require-hashes -r /lab/requirements.txt \
    && mkdir -p /var/log/lab && chown 1000:1000 /var/log/lab
COPY images/entry apps /lab/apps/
