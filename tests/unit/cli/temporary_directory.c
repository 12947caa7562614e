#include "temporary_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool temporary_directory_enter(struct temporary_directory *directory)
{
    snprintf(directory->path, sizeof directory->path, "/tmp/letterlock-test-XXXXXX");
    return mkdtemp(directory->path) != NULL && chdir(directory->path) == 0 &&
           setenv("XDG_STATE_HOME", directory->path, 1) == 0;
}

static bool is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void empty(int fd)
{
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (!is_entry(entry) || unlinkat(fd, entry->d_name, 0) == 0)
            continue;
        empty(openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        unlinkat(fd, entry->d_name, AT_REMOVEDIR);
    }
    if (entries != NULL)
        closedir(entries);
}

void temporary_directory_leave(const struct temporary_directory *directory)
{
    empty(open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    rmdir(directory->path);
}

size_t temporary_directory_count(const char *path)
{
    size_t count = 0;
    DIR *entries = opendir(path);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL)
        count += is_entry(entry);
    if (entries != NULL)
        closedir(entries);
    return count;
}
