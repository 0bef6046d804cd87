#!/usr/bin/perl
# The systemd units: what systemd says of them, and that there is one for each pool.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use Test::More;
use OBI::Test;

my $top = $OBI::Test::TOP;

sub read_file { open my $in, '<', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
sub said { # status and text of a command
    my $text = qx(@_ 2>&1);
    return ($? >> 8, $text);
}

my %pools = map { $_ => 1 } read_file("$top/src/http/serve.c") =~ /\[[A-Z_]+\] = SL\("([a-z-]+)"\)/g;
cmp_ok keys %pools, '>=', 5, 'the pools were found';
my @pools = sort keys %pools;
my %goes_out = map { $_ => 1 } qw(fetch fetch-anon signin);

# The units as they are installed, with an instance for each pool; their programs are those of the build.
my $units = tempdir(CLEANUP => 1);
system("cp -a $top/deploy/systemd/. $units") == 0 or die;
system("sed -i 's|/usr/lib/obi/|$top/build/dev/|' $units/*.service") == 0 or die;
for my $kind (qw(service socket)) {
    symlink "obi\@.$kind", "$units/obi\@$_.$kind" or die for @pools;
}
my @services = ((map { "obi\@$_.service" } @pools), qw(obi-jobs.service obi-recheck.service));

my $target = read_file("$units/obi.target");
for my $pool (@pools) {
    like $target, qr/[ =]obi\@$pool\.$_( |$)/m, "obi.target starts obi\@$pool.$_" for qw(socket service);
}

# What looks for keys in memcached must stop while its list changes.
like read_file("$units/$_"), qr/^PartOf=obi\.target$/m, "$_ stops with obi.target"
    for qw(obi@.service obi-jobs.service obi-recheck.service obi-recheck.timer);

my ($status, $text) = said('systemd-analyze', 'verify', map { "$units/$_" } @services, 'obi.target', 'obi-recheck.timer');
is $text, '', 'systemd has nothing to say about the units';
is $status, 0, 'and takes them';

for my $service (@services) {
    ($status, $text) = said('systemd-analyze', 'security', '--offline=yes', '--threshold=20', "$units/$service");
    my ($exposure) = $text =~ /exposure level for \S+: ([\d.]+)/;
    is $status, 0, "$service is exposed by less than 2.0: " . ($exposure // 'unknown') or diag $text;
    my ($pool) = $service =~ /\@(.*)\./;
    my $may = !$pool || $goes_out{$pool} ? 'does not define an IP address allow list' : 'allow list with only localhost';
    like $text, qr/IPAddressDeny= .*$may/, "and may ask: $may";
}

done_testing;
