#!/bin/sh
exec node "$(dirname "$0")/passkey.test.mjs"
