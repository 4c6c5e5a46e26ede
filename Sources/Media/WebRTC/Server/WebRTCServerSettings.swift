/// How a node serves its viewers.
public struct WebRTCServerSettings: Sendable {
    /// The one UDP port. 0: any that is free.
    public var port: UInt16
    /// More viewers at a time are refused. Default 256.
    public var viewerLimit = 256
    /// A description may wait so long for what STUN servers say of our address. Default 1 s.
    public var gatheringTime = Duration.milliseconds(1000)
    /// And only so long for a minute after one of them did not answer: nobody shall wait each time for servers that cannot be reached. Default 100 ms.
    public var impatientGatheringTime = Duration.milliseconds(100)
    /// This machine's addresses, the preferred first, as texts without zones; asked for each viewer.
    public var addresses: @Sendable () -> [String]
    /// Addresses of STUN servers, as `(address, port)`; asked for each viewer. Default: none.
    public var stunServers: @Sendable () -> [(String, UInt16)] = { [] }

    public init(port: UInt16, addresses: @escaping @Sendable () -> [String]) {
        self.port = port
        self.addresses = addresses
    }
}
