/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The terminal by ncurses; see screen.h. */
#include "top/screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#define ESCAPE 27
#define DELETE 127

/* ncurses has one terminal, and so has a process. */
static SCREEN *terminal;
static chtype styles[TOP_DIM + 1];
static int row;

bool screen_there(void)
{
	return true;
}

static void set_styles(bool color)
{
	styles[TOP_TITLE] = A_BOLD;
	styles[TOP_HEAD] = A_REVERSE;
	styles[TOP_SELECTED] = A_REVERSE | A_BOLD;
	styles[TOP_BAD] = A_BOLD;
	styles[TOP_DIM] = A_DIM;
	if (!color || start_color() == ERR || use_default_colors() == ERR)
		return;
	init_pair(1, COLOR_RED, -1);
	init_pair(2, COLOR_CYAN, -1);
	styles[TOP_BAD] |= COLOR_PAIR(1);
	styles[TOP_SELECTED] |= COLOR_PAIR(2);
}

int screen_open(bool color)
{
	/* ncurses writes the locale's characters. */
	setlocale(LC_CTYPE, "");
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return -EINVAL;
	set_escdelay(25);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	set_styles(color);
	return 0;
}

bool screen_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

void screen_close(void)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

void screen_size(unsigned int *width, unsigned int *height)
{
	*width = (unsigned int)COLS;
	*height = (unsigned int)LINES;
}

void screen_begin(void)
{
	erase();
	row = 0;
}

void screen_line(void *context, enum top_style style, const char *text, size_t len)
{
	(void)context;
	attrset(styles[style]);
	mvaddnstr(row, 0, text, (int)len);
	/* What is marked is marked over the whole line. */
	if ((styles[style] & A_REVERSE) && getcury(stdscr) == row)
		hline(' ' | styles[style], COLS);
	attrset(A_NORMAL);
	row++;
}

void screen_end(void)
{
	refresh();
}

int screen_key(void)
{
	int key = getch();

	switch (key) {
	case ERR:
		return SCREEN_NO_KEY;
	case '\n':
	case '\r':
	case KEY_ENTER:
		return TOP_KEY_ENTER;
	case ESCAPE:
		return TOP_KEY_ESCAPE;
	case '\b':
	case DELETE:
	case KEY_BACKSPACE:
		return TOP_KEY_BACKSPACE;
	case KEY_UP:
		return TOP_KEY_UP;
	case KEY_DOWN:
		return TOP_KEY_DOWN;
	case KEY_PPAGE:
		return TOP_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TOP_KEY_PAGE_DOWN;
	case KEY_HOME:
		return TOP_KEY_HOME;
	case KEY_END:
		return TOP_KEY_END;
	default:
		/* Also KEY_RESIZE: the frame is drawn anew, and that is all. */
		return key < 0x80 ? key : 0;
	}
}
