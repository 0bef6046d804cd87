#include "http/http.h"
#include "http/view.h"
