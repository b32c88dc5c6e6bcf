#pragma once

#include "dump/dump.h"
#include "tests/image/image.h"

/* Describe @d in @img, which is initialised and must not outlive it. */
void image_of_dump(struct image *img, struct dump *d);
