#!/bin/sh
exec node "$(dirname "$0")/browserid.test.mjs"
