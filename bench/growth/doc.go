// Growth measures how what an event costs grows with what there is: sessions, networks,
// custom rules, and the size of events. It draws a plot of each, and prints the figures.
package main
