#!/bin/sh
exec node "$(dirname "$0")/issuer.test.mjs"
