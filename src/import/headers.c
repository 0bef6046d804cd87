#include "import/import.h"
