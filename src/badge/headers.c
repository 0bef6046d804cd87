#include "badge/verify.h"
