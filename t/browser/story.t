#!/bin/sh
exec node "$(dirname "$0")/story.test.mjs"
