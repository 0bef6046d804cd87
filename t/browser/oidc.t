#!/bin/sh
exec node "$(dirname "$0")/oidc.test.mjs"
