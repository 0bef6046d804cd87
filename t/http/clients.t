#!/usr/bin/perl
# Whose request it is: nginx takes it from the connection, and nothing that a client sends changes that.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use HTTP::Request;
use HTTP::Tiny;
use IO::Socket::INET;
use LWP::UserAgent;
use OBI::Test;
use Test::More;
use Time::HiRes qw(sleep);

my $stack = OBI::Test->stack;

# Asks until it is told to stop, with what `headers` gives for each request; how often it was answered.
sub answered {
    my ($limit, $ask) = @_;
    my $count = 0;
    for my $i (1 .. $limit) {
        my $code = $ask->($i)->code;
        last if $code == 429;
        $count++;
    }
    return $count;
}

subtest 'headers that name another client change nothing' => sub {
    for my $name ('X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Client-IP', 'True-Client-IP', 'Remote-Addr', 'Remote_Addr') {
        my $visitor = $stack->browser;
        my $count = grep { $_->code != 429 } $visitor->post_at_once('/displayer/convert/email',
            [ email => 'x@example.org' ], 90, sub {
                my ($i) = @_;
                return ($name => ($name eq 'Forwarded' ? 'for=' : '') . "192.0.2.$i");
            });
        cmp_ok $count, '<', 80, "$name ($count were let through)";
    }
};

subtest 'another way to write the path is the same limit, or no such path' => sub {
    for my $path ('/displayer//convert/email', '/displayer/./convert/email', '/displayer/convert/%65mail', '//displayer/convert/email',
        '/x/../displayer/convert/email', '/displayer/convert/email/') {
        my $visitor = $stack->browser;
        my %seen;
        $seen{ $_->code }++ for $visitor->post_at_once($path, [ email => 'x@example.org' ], 90);
        ok +($seen{429} // 0) > 5 || !$seen{200}, "$path: " . join ', ', map { "$seen{$_} times $_" } sort keys %seen;
        # What is not limited must not reach the handler, which would say `missing` of an address.
        next if $seen{429};
        my $reply = $visitor->post($path, [ email => "x\@example.org" ]);
        unlike $reply->content, qr/"missing"/, '... and the handler is not reached';
    }
};

subtest 'sign-in mails are limited by the same client' => sub {
    my $rows = $stack->sql('SELECT COUNT(*) FROM obi.rate')->[0][0];
    my $visitor = $stack->browser;
    $visitor->get('/signin');
    for my $i (1 .. 3) {
        $visitor->post_form('/signin', { email => "spoof$i\@example.org" }, 'X-Forwarded-For' => "192.0.2.$i",
            'X-Real-IP' => "192.0.2.$i");
    }
    is $stack->sql('SELECT COUNT(*) FROM obi.rate')->[0][0] - $rows, 4, 'three addresses and one client';
};

# The zones in an nginx of its own, behind a proxy that it believes, so that a test can be any client.
subtest 'an IPv6 client is its /64' => sub {
    my $folder = tempdir('/tmp/obi-nginx.XXXXXX', CLEANUP => 1);
    my $port = do { my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', ReuseAddr => 1); $s->sockport };
    open my $conf, '>', "$folder/nginx.conf" or die $!;
    print {$conf} <<"END";
load_module /usr/lib/nginx/modules/ndk_http_module.so; load_module /usr/lib/nginx/modules/ngx_http_memc_module.so;
load_module /usr/lib/nginx/modules/ngx_http_srcache_filter_module.so;
daemon off; pid $folder/pid; error_log $folder/error.log error; events { }
http {
    include @{[$stack->var]}/nginx/log.conf;
    include @{[$stack->var]}/nginx/limits.conf;
    access_log $folder/access.log obi;
    client_body_temp_path $folder/b; proxy_temp_path $folder/p; fastcgi_temp_path $folder/f;
    uwsgi_temp_path $folder/u; scgi_temp_path $folder/s;
    server {
        listen 127.0.0.1:$port;
        set_real_ip_from 127.0.0.0/8;
        real_ip_header X-Forwarded-For;
        location / { limit_req zone=obi_fetch_anon burst=4 nodelay; empty_gif; }
    }
}
END
    close $conf;
    my $pid = fork // die;
    if ($pid == 0) {
        open STDERR, '>', "$folder/stderr";
        exec '/usr/sbin/nginx', '-e', "$folder/error.log", '-p', $folder, '-c', "$folder/nginx.conf";
    }
    my $agent = LWP::UserAgent->new(timeout => 5);
    my $ask = sub { $agent->get("http://127.0.0.1:$port/share/collection/unguessable?asked", 'X-Forwarded-For' => $_[0]) };
    $stack->wait_until(5, sub { $ask->('198.51.100.1')->code == 200 });
    cmp_ok answered(20, sub { $ask->("2001:db8:1:2:$_[0]::1") }), '<', 10, 'addresses of one /64 are one client';
    is answered(20, sub { $ask->("2001:db8:1:1$_[0]::1") }), 20, 'those of others are others';
    is answered(20, sub { $ask->("2001:db8:0a0a:0a$_[0]:0a0a:0a0a:0a0a:0a0a") }), 20, 'bytes that end lines are bytes';
    cmp_ok answered(20, sub { $ask->('2001:db8:0a0a:0a0a:0a0a:0a0a:0a0a:0a' . sprintf '%02x', $_[0]) }), '<', 10,
        'also within a /64';
    is answered(20, sub { $ask->("192.0.2.$_[0]") }), 20, 'an IPv4 address is one client';
    cmp_ok answered(20, sub { $ask->('192.0.2.99') }), '<', 10, '... and no more';
    kill TERM => $pid;
    waitpid $pid, 0;
    my $log = do { local (@ARGV, $/) = "$folder/access.log"; <> };
    unlike $log, qr/unguessable/, 'the address of a shared page is not logged';
    like $log, qr{"path":"/share/collection/-"}, '... but that one was asked for is';
    unlike $log, qr/192\.0\.2\.99|2001:db8:1:/, 'nor is a whole client';
};

subtest 'an error line does not hold what the address does' => sub {
    $stack->expect_log('connect\(\) to unix:.*(?:app|read|fetch-anon).sock failed', 'recv\(\) failed');
    $stack->stop(qw(read fetch-anon));
    my $visitor = $stack->browser;
    is $visitor->get('/share/collection/s3cr3t-address')->code, 502, 'the read pool is down';
    is $visitor->get('/baker?assertion=https://issuer.example/s3cr3t-badge')->code, 502, 'so is the fetch pool';
    $stack->start(qw(read fetch-anon));
    my $logs = join '', map { do { local (@ARGV, $/) = $_; <> // '' } } grep { -s } glob $stack->var . '/log/*';
    unlike $logs, qr/s3cr3t-/, 'no log holds either';
    is $visitor->get('/healthz')->code, 200, 'and back';
};

subtest 'who reads while the read pool is down is told so, and not limited elsewhere' => sub {
    $stack->expect_log('connect\(\) to unix:.*read.sock failed', 'recv\(\) failed');
    my $reader = HTTP::Tiny->new(max_redirect => 0, timeout => 30, local_address => '127.40.1.1');
    my %seen;
    $stack->stop('read');
    $seen{ $reader->get($stack->base . '/displayer/1/groups.json')->{status} }++ for 1 .. 3000;
    $stack->start('read');
    is_deeply \%seen, { 502 => 3000 }, 'each time';
    is $reader->get($stack->base . '/signin')->{status}, 200, 'and may sign in';
};
done_testing;
