#!/usr/bin/perl
# What is installed on a server: the tool finds its schema, and nginx serves the site of each of its files, by TLS or
# behind a proxy.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Test::More;
use OBI::Story;
use OBI::Test;

my $top  = $OBI::Test::TOP;
my $dest = tempdir('/tmp/obi-install.XXXXXX', CLEANUP => 1);
chmod 0755, $dest;
my @free = map { IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') } 1 .. 3;
my ($plain, $tls, $metrics) = map { $_->sockport } @free;
my $stack = OBI::Test->private(conf => "site.base_url = https://badges.example.org:$tls\n");
my $var   = $stack->var;

sub read_file  { open my $in, '<', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
sub write_file { open my $out, '>', $_[0] or die "$_[0]: $!"; print {$out} $_[1]; close $out; return }
sub said { # status and text of a command
    my $text = qx(@_ 2>&1);
    return ($? >> 8, $text);
}

my ($status, $text) = said("DESTDIR=$dest cmake --install $top/build/dev");
is $status, 0, 'it is installed' or BAIL_OUT($text);
for my $file (qw(lib/obi/obi-fcgi lib/systemd/system/obi@.service lib/systemd/system/obi@.service.d/sandbox.conf
    lib/sysusers.d/obi.conf lib/obi/nginx/site.conf share/doc/obi/obi.conf share/doc/obi/mariadb/users.sql share/doc/obi/operating.md)) {
    ok -s "$dest/usr/$file", "there is $file";
}
is((said('grep', '-rlE', '"@[A-Z_0-9]+@"', "$dest/usr/lib/obi/nginx"))[0], 1, 'no name is left to be filled in');
($status, $text) = said("$dest/usr/bin/obi", 'migrate', '--conf', "$var/obi.conf");
is $status, 0, 'obi migrate finds the schema beside it' or diag $text;
($status, $text) = said("$dest/usr/bin/obi", 'config', 'check', '--conf', "$dest/usr/share/doc/obi/obi.conf");
is $text, "ok\n", 'the settings to begin with are settings';

# The site's file as an operator has it, with the names that are theirs, and this stack's folders for a server's.
my $nginx = 0;
sub serve {
    my ($site, @changes) = @_; # [what, to what] in any of its files
    my $folder = "$dest/$site";
    mkdir $folder;
    system("cp $dest/usr/lib/obi/nginx/*.conf $folder/") == 0 or die;
    for my $file (glob "$folder/*.conf") {
        my $conf = read_file($file);
        $conf =~ s{/usr/lib/obi/nginx}{$folder}g;
        $conf =~ s{/usr/lib/obi}{$dest/usr/lib/obi}g;
        $conf =~ s{/var/lib/obi}{$var/nginx}g;
        $conf =~ s{/run/obi}{$var/run}g;
        $conf =~ s{/var/log/nginx}{$folder}g;
        $conf =~ s{127\.0\.0\.1:8082}{127.0.0.1:$metrics};
        $conf =~ s/^ *listen \[::.*\n//mg;
        for my $change (@changes) { my ($from, $to) = @$change; $conf =~ s/$from/$to/g }
        write_file($file, $conf);
    }
    my $modules = '/usr/lib/nginx/modules';
    write_file("$folder/main.conf", <<"END");
load_module $modules/ndk_http_module.so; load_module $modules/ngx_http_memc_module.so;
load_module $modules/ngx_http_srcache_filter_module.so;
daemon off; pid $folder/pid; error_log $folder/error.log error; @{[ $> == 0 ? 'user nobody nogroup;' : '' ]} events { }
http {
    client_body_temp_path $folder/b; proxy_temp_path $folder/p; fastcgi_temp_path $folder/f;
    uwsgi_temp_path $folder/u; scgi_temp_path $folder/s;
    include $folder/$site.conf;
}
END
    my @command = ('/usr/sbin/nginx', '-e', "$folder/error.log", '-p', $folder, '-c', "$folder/main.conf");
    my ($rc, $complaint) = said(@command, '-t');
    is $rc, 0, "nginx takes $site.conf" or diag $complaint;
    unlike $complaint, qr/warn/, 'without a warning';
    $nginx = fork // die "fork: $!";
    if ($nginx == 0) {
        open STDERR, '>', "$folder/stderr";
        exec @command or POSIX::_exit(127);
    }
    return $folder;
}
sub end_nginx { return if !$nginx; kill TERM => $nginx; waitpid $nginx, 0; $nginx = 0; return }
END { my $rc = $?; end_nginx(); $? = $rc }
sub ask { # the whole answer of a port without TLS
    my ($port, $path, @headers) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or return '';
    print {$socket} join "\r\n", "GET $path HTTP/1.0", 'Host: badges.example.org', @headers, '', '';
    local $/;
    return <$socket> // '';
}
close $_ for @free;

my $story = OBI::Story->new($stack, 'install');
my ($badge) = $story->import_all($story->address('ann'), $story->issuer->badge('one', to => $story->address('ann')));
my $group = $story->collection($story->address('ann'), 'Shown', 1, $badge->{id});
my $document = '/displayer/' . $story->user_id($story->address('ann')) . "/group/$group.json";

subtest 'by TLS' => sub {
    my ($cert, $key) = ("$dest/cert.pem", "$dest/key.pem");
    said('openssl', qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=badges.example.org),
        qw(-addext subjectAltName=DNS:badges.example.org -keyout), $key, '-out', $cert);
    my $folder = serve('site', [ qr{/etc/letsencrypt/live/badges\.example\.org/fullchain\.pem}, $cert ],
        [ qr{/etc/letsencrypt/live/badges\.example\.org/privkey\.pem}, $key ],
        [ qr/listen 80/, "listen 127.0.0.1:$plain" ], [ qr/listen 443/, "listen 127.0.0.1:$tls" ]);
    my $secure = sub { # the whole answer, or what openssl says
        my ($path, @options) = @_;
        write_file("$dest/request", join "\r\n", "GET $path HTTP/1.1", 'Host: badges.example.org', 'Connection: close', '', '');
        return (said("openssl s_client -connect 127.0.0.1:$tls -servername badges.example.org -CAfile $cert",
            '-verify_return_error', '-ign_eof', @options, "<$dest/request"))[1];
    };
    ok $stack->wait_until(5, sub { ask($plain, '/') }), 'it answers';
    like ask($plain, '/backpack?x=1'), qr{^HTTP/1\.1 301.*^Location: https://badges\.example\.org/backpack\?x=1\r}ms, 'HTTP leads to HTTPS';

    my $sts = qr/^Strict-Transport-Security: max-age=31536000\r/m;
    my $page = $secure->('/signin', '-quiet');
    like $page, qr{HTTP/1\.1 200}, 'a page';
    like $page, $sts, 'which says that it is always by TLS';
    like $page, qr/^Set-Cookie: .*; Secure\r/m, 'and whose cookies go by TLS alone';
    unlike $page, qr/^Set-Cookie: (?!.*; Secure\r)/m, 'all of them';
    my ($css) = map { m{([^/]+)$} } glob "$dest/usr/lib/obi/static/*.css";
    my $file = $secure->("/static/$css", '-quiet');
    like $file, qr{HTTP/1\.1 200}, 'a static file';
    like $file, $sts, 'says it too';
    like $file, qr/^Cache-Control: public, max-age=31536000, immutable\r/m, 'beside its own headers';
    my $nothing = $secure->('/static/nothing', '-quiet');
    like $nothing, qr{HTTP/1\.1 404}, 'and a page of nginx';
    like $nothing, $sts, 'too';
    $secure->($document, '-quiet');
    my $kept = $secure->($document, '-quiet');
    like $kept, qr{HTTP/1\.1 200}, 'and a document of memcached';
    like $kept, $sts, 'too';
    like read_file("$folder/obi-access.log"), qr/"cache":"HIT"/, 'which it was';

    like $secure->('/healthz', "-tls1_$_"), qr{HTTP/1\.1 200}, "TLS 1.$_" for 2, 3;
    unlike $secure->('/healthz', '-tls1_1', '-cipher', 'DEFAULT:\@SECLEVEL=0'), qr{HTTP/1\.1 200}, 'not 1.1';
    unlike $secure->('/healthz', '-tls1_2', '-cipher', 'AES128-SHA256'), qr{HTTP/1\.1 200}, 'nor without forward secrecy';
    like $secure->('/healthz', '-alpn', 'h2'), qr/ALPN protocol: h2/, 'HTTP/2';
    like ask($metrics, '/metrics'), qr/^obi_/m, 'metrics have their address';
    end_nginx();
};

subtest 'behind a proxy' => sub {
    my $folder = serve('site-behind-proxy', [ qr/listen 127\.0\.0\.1:8080/, "listen 127.0.0.1:$plain" ],
        # So that twenty are too many.
        [ qr/rate=\d+r/, 'rate=1r' ], [ qr/zone=obi_(?:app|read)\K burst=\d+/, ' burst=9' ]);
    ok $stack->wait_until(5, sub { ask($plain, '/healthz') }), 'it answers';
    my $page = ask($plain, '/signin', 'X-Forwarded-For: 203.0.113.9, 198.51.100.7', 'X-Forwarded-Proto: https');
    like $page, qr/^Strict-Transport-Security: max-age=31536000\r/m, 'a page by TLS at the proxy says so';
    like $page, qr/^Set-Cookie: .*; Secure\r/m, 'and its cookies go by TLS alone';
    unlike ask($plain, '/signin', 'X-Forwarded-For: 198.51.100.7'), qr/^Strict-Transport-Security/m, 'one without does not';
    my $log = read_file("$folder/obi-access.log");
    like $log, qr/"client":"198\.51\.100\.0"/, 'the client is the last that the proxy names';
    unlike $log, qr/203\.0\.113/, 'and not what a client says before it';

    my $refused = sub { # of twenty at once from one client
        my ($client, $path) = @_;
        return scalar grep { /^HTTP\S+ 429/ } map { ask($plain, $path, "X-Forwarded-For: $client") } 1 .. 20;
    };
    cmp_ok $refused->('192.0.2.1', '/about'), '>', 5, 'a client that asks for pages without end is told so';
    is $refused->('192.0.2.1', "/static/$_"), 0, 'files are free' for map { m{([^/]+)$} } glob "$dest/usr/lib/obi/static/app.*.css";
    is $refused->('192.0.2.1', $document), 0, 'as is what memcached answers';
    cmp_ok $refused->('192.0.2.1', "$document?callback=f"), '>', 5, 'and what it cannot is not';
    like ask($plain, '/about', 'X-Forwarded-For: 192.0.2.2'), qr{^HTTP\S+ (?!429)}, 'another client goes on';
    end_nginx();
};

done_testing;
