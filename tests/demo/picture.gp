# SPDX-License-Identifier: GPL-2.0-or-later
# The demo's picture: gnuplot -e "dir='...'; came='...'; first='...'; foreseen='...'"
set encoding utf8
set datafile separator "\t"
set style fill transparent solid 0.18 noborder
set xrange [0:120]
set yrange [0:130]
set xtics 15
set ytics 0,25,125 format "%.0f %%"
set grid ytics lc rgb '#e4e4e4' lt 1
set border 3 lc rgb '#777777'
set tics nomirror out
set key at graph 1.05,1 left top Left reverse samplen 2 spacing 1.25
red = '#b3261e'
green = '#2e7d32'
blue = '#1565c0'
ink = '#1b1b1b'

do for [which in "svg png"] {
	if (which eq "svg") {
		set terminal svg size 960,720 font 'DejaVu Sans,13' background '#ffffff'
	} else {
		set terminal pngcairo size 960,720 font 'DejaVu Sans,10' background '#ffffff'
	}
	set output dir.'/demo.'.which
	set multiplot layout 2,1 margins 0.07,0.74,0.08,0.93 spacing 0.16
	unset arrow
	unset label
	set arrow 1 from 0,100 to 120,100 nohead lc rgb '#777777' dt 3 back

	set label 9 "Without Spillway: load of node 1's uplink" at graph 0,1.07 left font ',14' tc rgb ink
	unset xlabel
	unset y2tics
	if (came ne "") {
		set arrow 2 from real(came),0 to real(came),118 nohead lc rgb red lw 1.5
		set label 2 'overload, '.came.' s' at real(came),124 center tc rgb red
	}
	plot dir.'/without/load.tsv' using 1:($2*100) with lines lw 2 lc rgb red title 'load', \
	     dir.'/forecast.tsv' using 1:($3*100):($4*100) with filledcurves lc rgb blue title 'foreseen: 80 %', \
	     '' using 1:($2*100) with lines lw 2 dt 2 lc rgb blue title 'foreseen: mean'
	unset arrow 2
	unset label 2

	set label 9 "With Spillway: the same connections" at graph 0,1.07 left font ',14' tc rgb ink
	set xlabel "seconds"
	set y2tics 0,5,25 tc rgb green
	set y2range [0:26]
	if (first ne "0") {
		set arrow 3 from real(first),0 to real(first),118 nohead lc rgb green lw 1.5
		set label 3 'first moved, '.first.' s' at real(first),124 center tc rgb green
	}
	plot dir.'/with/load.tsv' using 1:($2*100) with lines lw 2 lc rgb ink title 'load', \
	     dir.'/forecast.tsv' using 1:($3*100):($4*100) with filledcurves lc rgb blue title 'foreseen: 80 %', \
	     '' using 1:($2*100) with lines lw 2 dt 2 lc rgb blue title 'foreseen: mean', \
	     dir.'/with/load.tsv' using 1:($4*100) with lines lw 1.5 lc rgb '#ef6c00' title 'threshold', \
	     '' using 1:6 axes x1y2 with steps lw 1.5 lc rgb green title 'relayed by others (right)', \
	     dir.'/moves.tsv' using ($4 > 0 ? $1 : NaN):(3) with points pt 9 ps 1.2 lc rgb green title 'more are moved'
	unset multiplot
	unset output
}
