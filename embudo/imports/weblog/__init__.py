"""Access logs of web servers become visits: lines, what was asked for, who came each day, and the facts of it."""
