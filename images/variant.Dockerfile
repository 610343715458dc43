# One recipe for every Python and stack. The build context is the repository's root. Few steps that
# write: after each, Docker's own builder compares all files of the image with those before. The
# entry goes to its folder by itself, so none is named here (that would be such a step, too).
ARG PYTHON_IMAGE=python:3.10.18-slim-bookworm
FROM ${PYTHON_IMAGE}
LABEL memlab=image
ARG STACK=thread
COPY images/locks/${STACK}.txt /lab/requirements.txt
# A package without a wheel is built with the lock's own setuptools, which a stand-in base lacks.
RUN awk '/^[a-z]/ { keep = /^setuptools==/ } keep' /lab/requirements.txt > /lab/setuptools.txt \
    && export PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_WARN_SCRIPT_LOCATION=0 \
    && python3 -m pip install --require-hashes -r /lab/setuptools.txt \
    && python3 -m pip install --require-hashes -r /lab/requirements.txt \
    && mkdir -p /var/log/lab && chown 1000:1000 /var/log/lab
COPY images/entry apps /lab/apps/
ARG BASE_KIND=official
ARG BASE_REFERENCE=
LABEL memlab.base.kind="${BASE_KIND}" \
      memlab.base.reference="${BASE_REFERENCE}" memlab.stack="${STACK}"
USER 1000:1000
ENTRYPOINT ["/lab/apps/entry"]
