package sandbox

// What the invented orders are made of. Nobody here exists: family names are followed by words for
// "example", mobile numbers begin with 138000000, and hosts end in a reserved name (RFC 2606).

type place struct{ province, city, district, town, code, postalCode, areaCode, street string }

var places = []place{
	{"浙江省", "杭州市", "滨江区", "长河街道", "330108", "310051", "0571", "示例路699号"},
	{"浙江省", "金华市", "义乌市", "北苑街道", "330782", "322000", "0579", "样品街88号2单元301室"},
	{"广东省", "广州市", "番禺区", "钟村街道", "440113", "511495", "020", "虚构大道1号"},
	{"广东省", "深圳市", "龙华区", "民治街道", "440309", "518131", "0755", "测试工业园B栋5楼"},
	{"江苏省", "苏州市", "昆山市", "玉山镇", "320583", "215300", "0512", "演示中路200号"},
	{"福建省", "泉州市", "晋江市", "陈埭镇", "350582", "362211", "0595", "样本鞋业城17号"},
	{"山东省", "临沂市", "兰山区", "金雀山街道", "371302", "276002", "0539", "示例批发市场C区12号"},
	{"北京市", "北京市", "朝阳区", "望京街道", "110105", "100102", "010", "测试东路6号院3号楼"},
	{"四川省", "成都市", "武侯区", "红牌楼街道", "510107", "610041", "028", "虚构南街9号"},
	{"黑龙江省", "哈尔滨市", "南岗区", "花园街道", "230103", "150001", "0451", "演示大街15号"},
}

var familyNames = []string{"赵", "钱", "孙", "李", "周", "吴", "郑", "王", "欧阳", "司马", "陈", "林"}

var givenNames = []string{"示例", "样本", "测试", "虚构", "演示", "试用", "范例", "假名"}

var companyNames = []string{"示例贸易", "样本服饰", "虚构五金", "演示电子商务", "测试供应链管理", "范例包装制品"}

type product struct {
	name, english, unit, category string
	price                         int64 // fen for one unit; a multiple of 400, so that 1.25 units have a price too
	bulk                          bool  // sold in fractions of a unit
	weight, weightUnit            string
	attributes                    [][2]string
}

var products = []product{
	{"定制帆布袋 加厚 来图印字", "Canvas tote bag", "个", "箱包", 1200, false, "180", "g", [][2]string{{"颜色", "本白"}, {"尺寸", "35*40cm"}}},
	{"A4打印纸 70g 500张/包", "A4 copy paper", "包", "办公", 1600, false, "2.5", "kg", [][2]string{{"规格", "70g A4"}}},
	{"夏季亚麻九分裤 休闲哈伦裤 男裤", "Linen trousers", "件", "服饰", 4000, false, "320", "g", [][2]string{{"颜色", "深灰色"}, {"尺码", "3XL"}}},
	{"304不锈钢保温杯 大容量 1.1L-2L", "Vacuum flask", "个", "家居", 2800, false, "0.65", "kg", [][2]string{{"颜色", "白色"}, {"容量", "1.1L-2L"}}},
	{"热轧卷板 Q235B 3.0*1500", "Hot rolled coil", "吨", "钢材", 420_000, true, "1", "t", [][2]string{{"材质", "Q235B"}, {"厚度", "3.0mm"}}},
	{"蓝牙耳机 TWS 真无线 \"降噪版\"", "TWS earbuds", "件", "数码", 6800, false, "45", "g", [][2]string{{"颜色", "黑色"}}},
	{"飞机盒 快递纸箱 T2 特硬", "Mailer box", "箱", "包装", 3600, false, "5", "kg", [][2]string{{"型号", "T2 200*140*40mm"}, {"数量", "100个/箱"}}},
	{"一次性医用外科口罩 独立包装", "Surgical mask", "盒", "医药", 800, false, "200", "g", [][2]string{{"规格", "50只/盒"}}},
	{"LED灯带 12V 5050 防水", "LED strip", "米", "照明", 400, true, "40", "g", [][2]string{{"色温", "6500K"}, {"防水", "IP65"}}},
	{"帆布鞋女 2024新款 百搭小白鞋", "Canvas shoes", "双", "鞋靴", 3200, false, "650", "g", [][2]string{{"颜色", "白色"}, {"尺码", "38"}}},
	{"运费补差链接 勿拍", "", "件", "服务", 400, false, "", "", nil},
}

type carrier struct {
	id         int64
	code, name string
}

var carriers = []carrier{
	{1, "SF", "顺丰速运(SF)"},
	{3, "ZTO", "中通快递(ZTO)"},
	{4, "YTO", "圆通速递(YTO)"},
	{5, "HTKY", "百世快递(HTKY)"},
	{11, "YUNDA", "韵达快递(YUNDA)"},
	{8, "DBKD", "德邦快递(DBKD)"},
}

// guarantees are {assurance_type, quality_assurance_type, assurance_info}.
var guarantees = [][3]string{
	{"qsexsfh", "72小时发货", "卖家承诺在买家支付成功次日零时起72小时内发货。"},
	{"qtwlybt", "7天无理由退货", "买家签收后7天内,商品完好可无理由退货。"},
	{"psbj", "破损包赔", "运输途中破损的商品由卖家赔付。"},
	{"qtbh", "7天包换", "签收后7天内质量问题包换。"},
	{"jqbz", "交期保障", "卖家承诺按约定交期发货。"},
}

// alibabaGuarantees are those of the international site (国际站:TA(信保)).
var alibabaGuarantees = [][3]string{
	{"TA", "pre_shipment", "Quality assurance before shipment"},
	{"TA", "post_delivery", "Quality assurance after delivery"},
}

// payWay is a way to pay and the channel name that goes with it.
type payWay struct{ code, description, channel string }

var payWays = []payWay{
	{"1", "支付宝", "支付宝"},
	{"2", "网商银行信任付", "网商银行信任付"},
	{"3", "诚e赊", "诚e赊"},
	{"4", "银行转账", "银行转账"},
	{"5", "赊销宝", "赊销宝"},
	{"6", "电子承兑票据", "网商电子银行承兑汇票"},
	{"7", "账期支付", "账期支付"},
	{"8", "合并支付渠道", "合并支付渠道"},
	{"9", "无打款", "其它"},
	{"10", "零售通赊购", "红包"},
	{"12", "声明付款", "声明付款"},
	{"13", "支付平台", "支付平台"},
}

var alibabaPayWays = []payWay{
	{"ECL", "融资支付", "跨境宝"},
	{"CC", "信用卡", "跨境宝"},
	{"TT", "线下TT", "对公转账"},
	{"ACH", "echecking支付", "跨境宝"},
}

type tradeType struct{ code, name, description, workflow string }

var tradeTypes = []tradeType{
	{"50060", "assureTrade", "担保交易", "assureTrade"},
	{"1", "fxassure", "分销担保交易", "assureTradeAlipay"},
	{"2", "prepay", "预存款交易", "prepayTrade"},
	{"3", "etc", "ETC境外收单交易", "etcTrade"},
	{"4", "instant", "即时到帐交易", "instantTrade"},
	{"5", "deposit", "保障金安全交易", "depositTrade"},
	{"6", "unified", "统一交易流程", "unifiedTrade"},
	{"8", "cod", "货到付款交易", "codTrade"},
}

var (
	stagedTrade        = tradeType{"7", "step", "分阶段付款", "stepTrade"}
	creditTrade        = tradeType{"9", "creditBuy", "诚e赊", "assureTrade"}
	accountPeriodTrade = tradeType{"10", "period", "账期支付交易", "periodTrade"}
)

var businessTypes = []string{
	"cn", "cn", "cn", "ws", "yp", "yf", "fs", "cz", "ag", "hp", "supply", "factory", "quick", "xiangpin", "f2f",
	"cyfw", "sp", "wg", "lst", "cb", "distribution", "cab", "manufact",
}

var alibabaBusinessTypes = []string{"ta", "wholesale"}

// refundStatuses are the families of the order and of its line items, in the same order.
var (
	refundStatuses     = []string{"waitselleragree", "waitbuyermodify", "waitbuyersend", "waitsellerreceive", "refundsuccess", "refundclose"}
	itemRefundStatuses = []string{"WAIT_SELLER_AGREE", "WAIT_BUYER_MODIFY", "WAIT_BUYER_SEND", "WAIT_SELLER_RECEIVE", "REFUND_SUCCESS", "REFUND_CLOSED"}
)

var closeReasons = []string{"buyerCancel", "sellerGoodsLack", "BUYER_NO_PAY", "other"}

var closeOperators = []string{"CLOSE_TRADE_BY_BUYER", "CLOSE_TRADE_BY_SELLER", "CLOSE_TRADE_BY_SYSTEM", "CLOSE_TRADE_BY_BOPS", "CLOSE_TRADE_BY_CREADIT"}

// statusTexts are the states of an order and how a line item's status_str describes them.
var statusTexts = [][2]string{
	{"waitbuyerpay", "等待买家付款"},
	{"waitsellersend", "等待卖家发货"},
	{"waitlogisticstakein", "等待物流揽收"},
	{"waitbuyerreceive", "等待买家收货"},
	{"waitbuyersign", "等待买家签收"},
	{"signinsuccess", "已签收"},
	{"confirm_goods", "已收货"},
	{"success", "交易成功"},
	{"cancel", "交易取消"},
	{"terminated", "交易终止"},
}

type stage struct{ name, action string }

var stages = []stage{{"付定金", ""}, {"卖家生产", "生产完成"}, {"付尾款", ""}}

var stageStatuses = []string{
	"waitactivate", "waitsellerpush", "waitbuyerpay", "waitsellersend", "waitbuyerreceive", "waitselleract",
	"waitbuyerconfirmaction", "settlebill", "cancel", "inactiveandcancel",
}

var banks = []string{"中国示例银行杭州分行", "样本商业银行义乌支行"}

type route struct{ id, name, forwarderID, forwarder, code, country string }

var routes = []route{
	{"RT-UK-01", "英国海运专线", "FW1001", "示例国际货代", "UK", "英国"},
	{"RT-US-07", "美西快船", "FW1002", "样本物流(深圳)", "US", "美国"},
	{"RT-VN-02", "越南陆运", "FW1003", "虚构供应链", "VN", "越南"},
}

var customsCurrencies = []string{"USD", "CNY", "RMB"}
