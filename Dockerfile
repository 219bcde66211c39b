# Page and server in one image: see docs/how-to/docker.md. Node is the version of .nvmrc; Debian 12 has FFmpeg 5.1, the
# oldest that is taken and the one the tests were run with.
FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS page
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src/contract src/contract
COPY src/client src/client
COPY web web
RUN node node_modules/vite/bin/vite.js build web

# Without workspaces, which only tests have. No package the server needs has an install script.
FROM base AS packages
RUN npm ci --omit=dev --workspaces=false --ignore-scripts --no-audit --no-fund

FROM base AS server
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ffmpeg tini \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=1000 --group=1000 --mode=0700 /data
COPY --from=packages /app/node_modules node_modules
COPY src src
COPY --from=page /app/dist/web dist/web
# Fills the compile cache, which containers cannot write. Node makes its files readable for their owner alone.
RUN node src/cli/main.ts --version && chmod -R a+rX node_modules/.cache

# `docker stop` kills after 10 seconds, so everything has to be over before.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/data \
    STOP_TIMEOUT_SECONDS=8

# All that is ever written: embedded stores, and what is being converted.
VOLUME /data
EXPOSE 3000
# By number, so that an orchestrator can see that it is not root.
USER 1000:1000
# Health is exempt from ALLOWED_HOSTS and keys. `live`, not `ready`: a new container does not bring a store back.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# tini takes in the orphans of a killed FFmpeg and passes signals on.
ENTRYPOINT ["tini", "--", "node", "--disable-warning=ExperimentalWarning", "src/cli/main.ts"]
CMD ["serve"]
